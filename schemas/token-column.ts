/** The largest value of the documented token columns, which are UInt16. Exact counts stand in `response.usage` and `proxy_metadata`. */
export const MAX_TOKEN_COLUMN = 65_535;
