/** Linear attention: a state of one size instead of a cache that grows. May use {@code attention}. */
package io.github.t6j.attention.linear;
