/** A token as Tinybird makes them, with these claims and no meaning. */
export function tokenWith(claims: unknown): string {
  return `p.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.signature-nobody-may-see`;
}
