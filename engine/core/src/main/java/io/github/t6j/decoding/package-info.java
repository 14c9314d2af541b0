/**
 * Decoding: the loop that all generations share, and speculation, which drafts the next ids. Uses {@code session} and
 * what is below it.
 */
package io.github.t6j.decoding;
