/**
 * Binding of llama.cpp's C library, which tests and benchmarks compare t6j with: loading, tokens, logits, quantisation.
 * {@link io.github.t6j.jmh.peer.Llama} is the entry point. The library itself is not part of t6j; {@code .ci/peers}
 * installs it. Other Java engines run in processes of their own: PeerProcess starts the programs among the resources.
 */
package io.github.t6j.jmh.peer;
