/**
 * State behind the public types of the root: ids and cache of a sequence, use by one thread at a time, lifetime, saved
 * files. May use {@code family}, {@code model} and all below, and of the root only exceptions, options and listeners.
 */
package io.github.t6j.session;
