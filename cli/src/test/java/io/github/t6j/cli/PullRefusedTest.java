package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.FakeHub.Request;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j pull}: gated models, recipients of the token, and forbidden answers of a hub. */
@Timeout(120)
class PullRefusedTest extends PullFixture {
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTokenGoesToTheHubOnly(boolean inFile) throws IOException {
        hub.guarded = "GatedRepo";
        if (inFile) {
            Files.writeString(Files.createDirectories(home.resolve(".cache/huggingface")).resolve("token"),
                    FakeHub.TOKEN + "\n");
        } else {
            environment.put("HF_TOKEN", FakeHub.TOKEN);
        }
        assertPulled(pull("org/name"), "config.json", WEIGHTS);
        assertThat(hub.requests.stream().filter(Request::hub)).hasSize(3)
                .allMatch(request -> ("Bearer " + FakeHub.TOKEN).equals(request.authorization()));
        assertThat(hub.requests.stream().filter(request -> !request.hub())).hasSize(1)
                .allMatch(request -> request.authorization() == null);
    }

    /** After a redirect elsewhere and back, the request has no token. */
    @Test
    void theTokenDoesNotComeBack() throws IOException {
        environment.put("HF_TOKEN", FakeHub.TOKEN);
        hub.elsewhereFaults.add(FakeHub.status(302, "Location", hub.endpoint() + "/back"));
        pull("org/name");
        assertThat(hub.requests.stream().filter(request -> request.path().equals("/back"))).isNotEmpty()
                .allMatch(request -> request.authorization() == null);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            GatedRepo    |             | org/name: gated, and HF_TOKEN is not set: accept its terms at
            GatedRepo    | hf_other    | org/name: gated, and the token (HF_TOKEN) does not give access to it
            RepoNotFound |             | : no such model, or it is private and HF_TOKEN is not set: check the name
            """)
    void guardedModelsNeedAToken(String code, String token, String message) {
        hub.guarded = code;
        if (token != null) {
            environment.put("HF_TOKEN", token);
        }
        CommandResult ran = pull("org/name");
        assertFails(ran, message);
        assertThat(ran.err()).doesNotContain("hf_other");
    }

    /** The hub lists a gated repository without a token. */
    @Test
    void listedModelsMayBeGated() {
        hub.hubFaults.add(exchange -> {
            hub.guarded = "GatedRepo";
            exchange.getRequestHeaders().set("Authorization", "Bearer " + FakeHub.TOKEN);
            return false;
        });
        assertFails(pull("org/name"), "org/name: gated, and HF_TOKEN is not set");
    }

    @Test
    void aTokenThatCannotBeSentIsNotShown() {
        environment.put("HF_TOKEN", "hf_se\u00a0cret");
        CommandResult ran = pull("org/name");
        assertFails(ran, "HF_TOKEN: expected a token of letters and digits");
        assertThat(ran.err()).doesNotContain("cret");
    }

    @Test
    void forbiddenAndMissingAreReported() {
        hub.hubFaults.add(FakeHub.status(403, "X-Error-Message", "Your country"));
        assertFails(pull("org/name"), "refuses: Your country");
        assertFails(pull("org/other"), ": no such model");
        hub.hubFaults.add(FakeHub.status(401, "X-Error-Message", "Invalid credentials in Authorization header"));
        environment.put("HF_TOKEN", "hf_old");
        assertFails(pull("org/name"), "refuses the token as invalid");
    }

    @Test
    void offlineNoServerIsAsked() {
        environment.put("HF_HUB_OFFLINE", "1");
        assertFails(pull("org/name"), "HF_HUB_OFFLINE is set");
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void offlineAPulledModelIsNamed() throws IOException {
        pull("org/name");
        hub.requests.clear();
        environment.put("HF_HUB_OFFLINE", "1");
        CommandResult ran = pull("org/name");
        assertPulled(ran, "config.json", WEIGHTS);
        assertThat(ran.err()).contains("was not compared with the hub's").hasLineCount(1);
        assertThat(hub.requests).isEmpty();
    }

    /** Before any server answered, a failure to connect ends the pull: no retries, which take half a minute. */
    @Test
    @Timeout(10)
    void withoutANetworkThePullEndsAtOnce() {
        hub.close();
        CommandResult ran = pull("org/name");
        assertFails(ran, environment.get("HF_ENDPOINT") + ": ");
        assertThat(ran.err()).contains(": is this machine offline? check the network, HF_ENDPOINT and HTTPS_PROXY",
                "t6j models lists the models on this machine").doesNotContain("trying again");
    }

    @Test
    void anEndpointMustBeAnAddress() {
        environment.put("HF_ENDPOINT", "ftp://x");
        assertFails(pull("org/name"), "HF_ENDPOINT: expected an address such as https://huggingface.co, found ftp://x");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a/b:", "a/b:x y", "a/b:../c", "a/b/c.gguf:Q4_K_M", "a/b/../c", ".a/b", "a-/b", "a b", "a/b--c",
                "/a/b", "a/b/c\\d", "a/b/con", "a//b", "a/b@../x"})
    void aWrongNameIsBadUsage(String name) {
        CommandResult ran = pull(name);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err())
                .contains("expected ORG/NAME, ORG/NAME:QUANT, ORG/NAME/FOLDER, ORG/NAME/FILE.gguf or a short"
                        + " name, found")
                .hasLineCount(1);
        assertThat(hub.requests).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nosuchname      | found 'nosuchname': short names are smollm2, smollm3, qwen2.5, qwen3, llama3.2
            qwen33          | found 'qwen33': did you mean qwen3?
            Gema3:1b        | found 'Gema3:1b': did you mean gemma3 or gemma2?
            granite         | found 'granite': did you mean granite3.3?
            qwen3:7b        | found 'qwen3:7b': qwen3 has the sizes 0.6b, 1.7b, 4b, 8b, 14b, 30b-a3b
            phi4:14b        | found 'phi4:14b': phi4 has one size
            mlra-tpa:Q4_0   | found 'mlra-tpa:Q4_0': mlra-tpa has no GGUF files: pull it without a quantisation
            qwen3:0.6b:     | found 'qwen3:0.6b:': expected a quantisation such as Q4_K_M after the size
            qwen3:q8_0:0.6b | found 'qwen3:q8_0:0.6b': expected a quantisation
            """)
    void aNameWithoutAnOwnerIsAnsweredAtOnce(String name, String message) {
        CommandResult ran = pull(name);
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).startsWith("t6j: NAME: expected ORG/NAME, ").contains(message).hasLineCount(1);
        assertThat(hub.requests).isEmpty();
    }

    /** The free disk space is checked first: the download of an exabyte does not begin. */
    @Test
    void moreThanTheDiskHoldsIsRefused() throws IOException {
        hub.listed.put(WEIGHTS, Map.of("lfs", Map.of("sha256", "a".repeat(64), "size", 1_000_000_000_000_000_000L)));
        assertFails(pull("org/name"), "expected 1.0 EB of free disk, found ");
        hub.listed.put("config.json", Map.of("size", Long.MAX_VALUE));
        assertFails(pull("org/name"), "expected 9.2 EB of free disk, found ");
        assertThat(hub.asked()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            ../config.json      | an empty part, . or .. in it: ../config.json
            a/../../x.json      | an empty part, . or .. in it
            /etc/config.json    | an absolute path: /etc/config.json
            C:/config.json      | an absolute path
            a\\config.json      | a backslash in it
            a//config.json      | an empty part
            """)
    void pathsThatLeadOutAreRefused(String path, String message) throws IOException {
        hub.files.put(path, new byte[] {1});
        assertFails(pull("org/name"), "expected names inside the repository, found " + message);
        assertThat(home.resolve(".cache")).doesNotExist();
    }

    @Test
    void controlCharactersInPathsAreRefused() {
        hub.files.put("a\u001b[2J.json", new byte[] {1});
        CommandResult ran = pull("org/name");
        assertFails(ran, "a control character in it");
        assertThat(ran.err()).doesNotContain("\u001b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"con.safetensors", "a?.safetensors", "LPT1.x.safetensors"})
    void namesThatWindowsHasNotAreRefused(String name) throws IOException {
        hub.files.remove(WEIGHTS);
        hub.with("", LLAMA, WEIGHTS).files.put(name, hub.files.remove(WEIGHTS));
        assertFails(pull("org/name"), "expected names that every system allows, found a name that");
    }

    @Test
    void theListingIsBounded() {
        byte[] endless = " ".repeat((64 << 20) + 10).getBytes(StandardCharsets.US_ASCII);
        hub.hubFaults.add(FakeHub.bytes(endless));
        assertFails(pull("org/name"), "expected at most 67108864 bytes, found more");
    }

    @Test
    void aMalformedListingIsNamed() {
        hub.hubFaults.add(FakeHub.bytes("<html>".getBytes(StandardCharsets.US_ASCII)));
        assertFails(pull("org/name"), "expected a list of files, found another answer: its answer: not valid JSON");
        hub.hubFaults.add(FakeHub.bytes("{\"sha\": \"../..\", \"siblings\": []}".getBytes(StandardCharsets.US_ASCII)));
        assertFails(pull("org/name"), "sha: expected a commit, found \"../..\"");
    }
}
