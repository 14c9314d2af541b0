/** Decoding: the loop that all generations share. Uses {@code session} and what is below it. */
package io.github.t6j.decoding;
