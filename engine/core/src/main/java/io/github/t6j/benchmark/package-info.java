/** Functions for benchmarks, which measure the engine from outside. May use every other package. */
package io.github.t6j.benchmark;
