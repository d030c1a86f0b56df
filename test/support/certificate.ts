/**
 * A key and a certificate for tests only: self-signed, for localhost and 127.0.0.1, good until 2120 and trusted by
 * nobody. The key is public with this repository, so it protects nothing.
 */
export const UNTRUSTED = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgKUC1Aff09F2WVpwk
soKR7ZlYV9zznujET4iX6rUgeSShRANCAASBZivKqWkfpTaIMBuoGozFVgzUX8Pg
1WIc5TwdTdDhEoJeINgotpxwmcRKbBWViQLjL/jzbybsCxCzHOTHvdix
-----END PRIVATE KEY-----
`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBaTCCAQ+gAwIBAgIBATAKBggqhkjOPQQDAjAtMSswKQYDVQQDDCJ0ZXN0IGNl
cnRpZmljYXRlIHRydXN0ZWQgYnkgbm9ib2R5MCAXDTIwMDEwMTAwMDAwMFoYDzIx
MjAwMTAxMDAwMDAwWjAtMSswKQYDVQQDDCJ0ZXN0IGNlcnRpZmljYXRlIHRydXN0
ZWQgYnkgbm9ib2R5MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEgWYryqlpH6U2
iDAbqBqMxVYM1F/D4NViHOU8HU3Q4RKCXiDYKLaccJnESmwVlYkC4y/4828m7AsQ
sxzkx73YsaMeMBwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAABMAoGCCqGSM49
BAMCA0gAMEUCIQC7sH/bCMbLdlvvhdOKaSKE/sXUS2McbJt+1Q9GLwZXiwIgLC8W
sTfsS+IB3xYOrW54gy4uJp0iid6f0a4JLev/DbM=
-----END CERTIFICATE-----
`,
};
