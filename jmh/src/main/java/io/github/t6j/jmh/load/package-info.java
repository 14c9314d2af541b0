/** {@code benchmarks.jar load}: what a server gives to many clients at once. */
package io.github.t6j.jmh.load;
