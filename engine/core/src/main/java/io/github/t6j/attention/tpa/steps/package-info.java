/**
 * Steps that models in production add to tensor product attention, as a layer of its own: the official attention passes
 * none of them. May use {@code attention} and {@code attention.paged}.
 */
package io.github.t6j.attention.tpa.steps;
