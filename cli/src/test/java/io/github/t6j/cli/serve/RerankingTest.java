package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.ModelOptions;
import io.github.t6j.SessionOptions.CacheType;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import io.github.t6j.cli.formats.ModelFormat;
import io.github.t6j.cli.formats.RerankModel;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.Scheduler;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** /v1/rerank gives the library's scores, in the formats of Jina, Cohere and text-embeddings-inference. */
@TestInstance(Lifecycle.PER_CLASS)
@Timeout(120)
class RerankingTest {
    private static final String QUERY = "What is a whale?";
    private static final List<String> TEXTS = List.of("Stocks fell.", "A large animal of the sea.", "x");

    private final HttpClient client = HttpClient.newHttpClient();
    private Model model;
    private Server server;
    private List<RankedText> expected;
    private long tokens;

    @BeforeAll
    void start(@TempDir Path folder) throws IOException {
        Path path = RerankModel.random(0, List.of(), 600, 53).write(ModelFormat.SAFETENSORS, folder.resolve("model"));
        model = Model.load(path, ModelOptions.defaults().withThreads(2));
        server = new Server(new Server.Options("127.0.0.1", 0, null, null, null));
        server.serve(new ServedModel("reranker", 1, model, new Scheduler(model),
                new PromptFormat(model.tokenizer(), Optional.empty()), CacheType.F32));
        expected = new Reranker(model).rank(QUERY, TEXTS);
        tokens = expected.stream().mapToLong(RankedText::tokens).sum();
    }

    @AfterAll
    void stop() {
        server.close();
        model.close();
    }

    private HttpResponse<String> post(String path, Object body) throws IOException, InterruptedException {
        URI uri = URI.create("http://127.0.0.1:" + server.address().getPort() + path);
        String json = body instanceof String text ? text : Json.writeLine(body);
        return client.send(HttpRequest.newBuilder(uri).POST(HttpRequest.BodyPublishers.ofString(json)).build(),
                BodyHandlers.ofString());
    }

    private static List<List<Object>> scores(List<?> results, String score) {
        return results.stream().map(one -> List.<Object>of(at(one, "index"), at(one, score))).toList();
    }

    private List<List<Object>> expected(int count) {
        return expected.stream().limit(count)
                .map(text -> List.<Object>of((long) text.index(), text.score())).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v1/rerank", "/rerank", "/v1/reranking", "/reranking", "/v2/rerank"})
    void theFormatOfJinaAndCohere(String path) throws Exception {
        Map<String, Object> answer = TestServer.json(post(path,
                Map.of("model", "reranker", "query", QUERY, "documents", TEXTS)).body());
        assertThat(answer.keySet()).containsExactly("object", "model", "results", "usage");
        assertThat((String) at(answer, "object")).isEqualTo("list");
        assertThat((String) at(answer, "model")).isEqualTo("reranker");
        assertThat(answer.get("usage")).isEqualTo(Map.of("prompt_tokens", tokens, "total_tokens", tokens));
        assertThat(scores(at(answer, "results"), "relevance_score")).isEqualTo(expected(3));
        assertThat(TestServer.<Map<String, Object>>at(answer, "results", 0)).doesNotContainKey("document");
    }

    @Test
    void theMostRelevantWithTheirTexts() throws Exception {
        List<Object> documents = Stream.concat(Stream.of((Object) Map.of("text", TEXTS.getFirst())),
                TEXTS.stream().skip(1)).toList();
        Map<String, Object> answer = TestServer.json(post("/v1/rerank",
                Map.of("query", QUERY, "documents", documents, "top_n", 2, "return_documents", true)).body());
        assertThat(scores(at(answer, "results"), "relevance_score")).isEqualTo(expected(2));
        assertThat((String) at(answer, "results", 1, "document", "text"))
                .isEqualTo(TEXTS.get(expected.get(1).index()));
        String instruction = "Find texts about the stock market";
        Map<String, Object> other = TestServer.json(post("/v1/rerank",
                Map.of("query", QUERY, "documents", TEXTS, "instruction", instruction)).body());
        RankedText first = new Reranker(model).withInstruction(instruction).rank(QUERY, TEXTS).getFirst();
        assertThat(TestServer.<Object>at(other, "results", 0, "relevance_score")).isEqualTo(first.score());
    }

    @Test
    void theFormatOfTextEmbeddingsInference() throws Exception {
        String body = post("/rerank", Map.of("query", QUERY, "texts", TEXTS, "return_text", true)).body();
        List<?> results = (List<?>) TestServer.json("{\"results\": " + body + "}").get("results");
        assertThat(scores(results, "score")).isEqualTo(expected(3));
        assertThat((String) at(results, 0, "text")).isEqualTo(TEXTS.get(expected.getFirst().index()));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "documents | {\"query\": \"a\"}                                    | documents: expected an array of 1 to 2048 texts, found nothing",
        "documents | {\"query\": \"a\", \"documents\": []}                 | documents: expected an array of 1 to 2048 texts, found an array of 0",
        "documents | {\"query\": \"a\", \"documents\": [\"b\", \"\"]}      | documents[1]: expected a text, found an empty one: leave it out",
        "documents | {\"query\": \"a\", \"documents\": [1]}                | documents: expected an array of 1 to 2048 texts, found an array of 1",
        "texts     | {\"query\": \"a\", \"texts\": [\" \"]}                | texts[0]: expected a text, found an empty one: leave it out",
        "query     | {\"query\": \" \", \"documents\": [\"b\"]}            | query: expected a text, found an empty one",
        "query     | {\"documents\": [\"b\"]}                              | query: expected a text, found nothing",
        "top_n     | {\"query\": \"a\", \"documents\": [\"b\"], \"top_n\": 0} | top_n: expected a whole number from 1 to 2147483647, found 0",
        "max_tokens_per_doc | {\"query\": \"a\", \"documents\": [\"b\"], \"max_tokens_per_doc\": 9} | max_tokens_per_doc: not supported by t6j; remove it from the request"})
    void wrongFieldsAreNamed(String param, String body, String message) throws Exception {
        HttpResponse<String> answer = post("/v1/rerank", body);
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(400);
        assertThat((String) at(TestServer.json(answer.body()), "error", "message")).isEqualTo(message);
        assertThat((String) at(TestServer.json(answer.body()), "error", "param")).isEqualTo(param);
    }

    @Test
    void aTextBeyondTheContextAndAnotherModelAreRefused() throws Exception {
        HttpResponse<String> tooLong =
                post("/v1/rerank", Map.of("query", QUERY, "documents", List.of("x", "y".repeat(700))));
        assertThat(tooLong.statusCode()).isEqualTo(400);
        assertThat((String) at(TestServer.json(tooLong.body()), "error", "message"))
                .startsWith("documents[1]: expected at most 600 tokens with the query");
        try (TestServer plain = new TestServer()) {
            HttpResponse<String> refused =
                    plain.post("/v1/rerank", Json.writeLine(Map.of("query", QUERY, "documents", TEXTS)));
            assertThat(refused.statusCode()).isEqualTo(400);
            assertThat((String) at(TestServer.json(refused.body()), "error", "message"))
                    .contains("expected a reranker with the tokens of Qwen3-Reranker");
        }
    }
}
