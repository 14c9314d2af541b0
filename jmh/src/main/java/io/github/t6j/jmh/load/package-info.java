/** {@code benchmarks.jar load}: measures a server with many clients at once. */
package io.github.t6j.jmh.load;
