package io.github.t6j.cli.serve;

import static io.github.t6j.cli.serve.TestServer.at;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.json.Json;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Names that requests may have for the model. */
@Timeout(60)
class ModelNamesTest {
    private static List<Object> ids(TestServer server) throws Exception {
        List<Map<String, Object>> models = at(TestServer.json(server.get("/v1/models").body()), "data");
        return models.stream().map(model -> model.get("id")).toList();
    }

    private static HttpResponse<String> ask(TestServer server, String model) throws Exception {
        return server.post("/v1/completions",
                Json.writeLine(Map.of("model", model, "prompt", "The whale", "max_tokens", 2L)));
    }

    @Test
    void aliasesAreListedAndAnswered() throws Exception {
        try (TestServer server = new TestServer(Optional.empty(), "gpt-4o", "gpt-4o", "t6-tiny")) {
            assertThat(ids(server)).containsExactly("t6-tiny", "gpt-4o");
            assertThat((String) at(TestServer.json(server.get("/v1/models/gpt-4o").body()), "id")).isEqualTo("gpt-4o");
            HttpResponse<String> answer = ask(server, "gpt-4o");
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat((String) at(TestServer.json(answer.body()), "model")).isEqualTo("t6-tiny");
            HttpResponse<String> other = ask(server, "gpt-5");
            assertThat(other.statusCode()).isEqualTo(404);
            assertThat((String) at(TestServer.json(other.body()), "error", "message"))
                    .isEqualTo("model: expected \"t6-tiny\", the loaded model, or none, found \"gpt-5\"");
            assertThat((String) at(TestServer.json(other.body()), "error", "code")).isEqualTo("model_not_found");
        }
    }

    @Test
    void anAsteriskAcceptsEveryName() throws Exception {
        try (TestServer server = new TestServer(Optional.empty(), "*")) {
            assertThat(ids(server)).containsExactly("t6-tiny");
            assertThat(ask(server, "gpt-5").statusCode()).isEqualTo(200);
            assertThat((String) at(TestServer.json(server.get("/v1/models/gpt-5").body()), "id")).isEqualTo("gpt-5");
        }
    }
}
