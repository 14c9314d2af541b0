package io.github.t6j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.aggregator.ReRankingContentAggregator;
import dev.langchain4j.rag.query.Query;
import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j's ScoringModel gives the scores of a reranker, also to its aggregator. */
@Timeout(120)
class T6jScoringModelTest {
    private static final String QUERY = "What is a whale?";
    private static final List<String> TEXTS = List.of("Stocks fell.", "It lives in the sea.", "x");

    /** Writes a tokenizer of bytes with the tokens of Qwen3-Reranker. */
    private static Path tokenizer(Path folder) throws IOException {
        StringBuilder vocabulary = new StringBuilder("\"ye\": 256, \"yes\": 257, \"no\": 258");
        int moved = 0;
        for (int value = 0; value < 256; value++) {
            boolean printable = value > 32 && value < 127 || value > 160 && value != 173;
            String token = Character.toString(printable ? value : 256 + moved++);
            vocabulary.append(", \"").append(token.matches("[\"\\\\]") ? "\\" : "").append(token).append("\": ")
                    .append(value);
        }
        List<String> all = List.of("<|im_start|>", "<|im_end|>", "<think>", "</think>");
        String marks = all.stream()
                .map(mark -> "{\"id\": " + (259 + all.indexOf(mark)) + ", \"content\": \"" + mark
                        + "\", \"special\": true, \"single_word\": false,"
                        + " \"lstrip\": false, \"rstrip\": false, \"normalized\": false}")
                .collect(Collectors.joining(", "));
        return Files.writeString(folder.resolve("tokenizer.json"), "{\"added_tokens\": [" + marks
                + "], \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": true},"
                + " \"decoder\": {\"type\": \"ByteLevel\"}, \"model\": {\"type\": \"BPE\", \"vocab\": {" + vocabulary
                + "}, \"merges\": [\"y e\", \"ye s\", \"n o\"]}}");
    }

    @Test
    void scoresAreTheRerankers(@TempDir Path folder) throws IOException {
        Path tiny = Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny");
        try (Model model = Model.load(tiny, ModelOptions.defaults().withTokenizer(tokenizer(folder)))) {
            Reranker reranker = new Reranker(model);
            List<RankedText> ranked = reranker.rank(QUERY, TEXTS);
            T6jScoringModel scoring = new T6jScoringModel(reranker);
            List<TextSegment> segments = TEXTS.stream().map(TextSegment::from).toList();
            Response<List<Double>> found = scoring.scoreAll(segments, QUERY);
            assertThat(found.content()).isEqualTo(IntStream.range(0, TEXTS.size())
                    .mapToObj(i -> ranked.stream().filter(text -> text.index() == i).findFirst().orElseThrow().score())
                    .toList());
            assertThat(found.tokenUsage().inputTokenCount())
                    .isEqualTo(ranked.stream().mapToInt(RankedText::tokens).sum());
            List<Content> contents = segments.stream().map(Content::from).toList();
            assertThat(new ReRankingContentAggregator(scoring)
                    .aggregate(Map.of(Query.from(QUERY), List.of(contents))))
                    .extracting(content -> content.textSegment().text())
                    .isEqualTo(ranked.stream().map(text -> TEXTS.get(text.index())).toList());
        }
    }
}
