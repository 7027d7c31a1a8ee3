/** What the paths of a customer's own admin begin with: only these pages may be in a frame. */
export const portalBase = '/portal';

export const isPortalPath = (pathname: string) => pathname === portalBase || pathname.startsWith(`${portalBase}/`);
