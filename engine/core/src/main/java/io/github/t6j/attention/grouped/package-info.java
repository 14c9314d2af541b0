/**
 * Attentions with whole keys and values for groups of heads: MHA, GQA, MQA, MFA and GTA, and GQA written as tensor
 * product attention. May use {@code attention}, {@code attention.paged}, {@code attention.tpa} and
 * {@code attention.tpa.forms}.
 */
package io.github.t6j.attention.grouped;
