/**
 * Reranking: sorts texts by their relevance to a query, as the models of Qwen3-Reranker do.
 * {@link io.github.t6j.chat.rerank.Reranker} is the entry point.
 */
package io.github.t6j.chat.rerank;
