/** {@code benchmarks.jar soak}: checks every answer of a server for a long time, with clients that disconnect. */
package io.github.t6j.jmh.soak;
