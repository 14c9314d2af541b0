package io.github.t6j.langchain4j;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.model.output.TokenUsage;
import dev.langchain4j.model.scoring.ScoringModel;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * LangChain4j's ScoringModel, also called a reranker, on a model of t6j in this process. The texts of a request share
 * passes over the weights. Any number of threads may send requests.
 */
public final class T6jScoringModel implements ScoringModel {
    private final Reranker reranker;

    /** @param reranker reranker, whose model the caller closes after the last request */
    public T6jScoringModel(Reranker reranker) {
        this.reranker = Objects.requireNonNull(reranker, "reranker");
    }

    /** Returns the scores, from 0 to 1, in the order of the segments. */
    @Override
    public Response<List<Double>> scoreAll(List<TextSegment> segments, String query) {
        List<RankedText> ranked = reranker.rank(query, segments.stream().map(TextSegment::text).toList());
        Double[] scores = new Double[ranked.size()];
        ranked.forEach(text -> scores[text.index()] = text.score());
        return Response.from(
                Arrays.asList(scores), new TokenUsage(ranked.stream().mapToInt(RankedText::tokens).sum(), 0));
    }
}
