CREATE INDEX "blobs_by_age" ON "blobs" USING btree ("seen_on");--> statement-breakpoint
CREATE INDEX "latest_results_by_bytes" ON "latest_results" USING btree ("sha256");