/**
 * Forms of tensor product attention that only the paper describes: fixed and shared factors, a third factor,
 * activations of head factors. May use {@code attention} and {@code attention.paged}.
 */
package io.github.t6j.attention.tpa.forms;
