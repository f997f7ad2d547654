// SHA-256 with the processor's own instructions.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Mixes whole blocks of 64 bytes into the eight words of the state, by the 64 round constants of
// FIPS 180-4. False, with nothing done, on a processor without instructions for it.
bool cdigest_sha256_blocks(uint32_t state[8], const uint32_t constants[64], const uint8_t *blocks,
                           size_t count);
