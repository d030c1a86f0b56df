/** One line of what `tinybird-llm check` says. */
export interface Finding {
  /** `unknown` could not be found out, or matters to few. */
  readonly status: 'ok' | 'problem' | 'unknown';
  /** `token`, `url`, or the datasource it is about. */
  readonly about: string;
  readonly found: string;
  readonly fix?: string;
}

/** That all is well with something. */
export function ok(about: string, found: string): Finding {
  return { status: 'ok', about, found };
}

/** That something has to be put right, and how. */
export function problem(about: string, found: string, fix: string): Finding {
  return { status: 'problem', about, found, fix };
}

/** What could not be found out, and how it could be; or what is no fault in itself. */
export function unknown(about: string, found: string, fix?: string): Finding {
  return { status: 'unknown', about, found, ...(fix !== undefined && { fix }) };
}
