package io.github.t6j.chat.rerank;

/**
 * Text with its relevance to a query.
 *
 * @param index index of the text among those given
 * @param score relevance from 0 to 1: the probability that the text answers the query
 * @param tokens number of ids that the model read, including the ids of the query and of the prompt around both
 */
public record RankedText(int index, double score, int tokens) {}
