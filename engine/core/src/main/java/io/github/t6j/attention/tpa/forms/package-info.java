/**
 * Forms of tensor product attention that only the paper describes: fixed and shared factors, a third factor,
 * activations of head factors. May use {@code attention}, {@code attention.paged} and {@code attention.tpa}.
 */
package io.github.t6j.attention.tpa.forms;
