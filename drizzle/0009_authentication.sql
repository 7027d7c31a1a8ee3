CREATE TABLE "integration_authentication" (
	"integration" text NOT NULL,
	"since" integer NOT NULL,
	"until" integer,
	"auth" jsonb,
	"tls" jsonb,
	CONSTRAINT "integration_authentication_integration_since_pk" PRIMARY KEY("integration","since")
);
