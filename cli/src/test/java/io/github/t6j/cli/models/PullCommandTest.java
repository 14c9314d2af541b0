package io.github.t6j.cli.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.Model;
import io.github.t6j.Pooling;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.FakeHub;
import io.github.t6j.cli.FakeHub.Request;
import io.github.t6j.cli.PullFixture;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j pull} from a server that answers like the hub: downloaded files, and their places. */
@Timeout(120)
class PullCommandTest extends PullFixture {
    private static final Path SHARDED = CommandResult.TESTDATA.resolve("golden_llama/llama-sharded");
    private static final Path GGUF = CommandResult.TESTDATA.resolve("golden_llama/gguf-llama3");

    /**
     * Python's library has the same layout: blobs named by their hash, relative links, a commit without a line end.
     */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void theCacheIsThatOfPythonsLibrary() throws IOException {
        hub.with("", LLAMA, "greedy.json").files.put("README.md", new byte[] {1});
        hub.files.put("pytorch_model.bin", new byte[20_000]);
        hub.files.put("generation_config.json", "{}".getBytes(StandardCharsets.UTF_8));
        hub.files.put("chat_template.jinja", "x".getBytes(StandardCharsets.UTF_8));

        assertPulled(pull("org/name"), "config.json", WEIGHTS, "generation_config.json", "chat_template.jinja");
        assertThat(hub.asked()).doesNotContain("README.md", "pytorch_model.bin", "greedy.json");
        assertThat(repository.resolve("refs/main")).hasContent(FakeHub.COMMIT).hasSize(40);
        String sha256 = FakeHub.sha256(Files.readAllBytes(LLAMA.resolve(WEIGHTS)));
        assertThat(Files.readSymbolicLink(snapshot.resolve(WEIGHTS))).isEqualTo(Path.of("../../blobs/" + sha256));
        assertThat(Files.readSymbolicLink(snapshot.resolve("generation_config.json"))) // git hash-object of '{}'
                .isEqualTo(Path.of("../../blobs/9e26dfeeb6e641a33dae4961196235bdb965b21b"));
        assertThat(relative(repository.resolve("blobs"))).hasSize(4).noneMatch(name -> name.contains("incomplete"));
    }

    @Test
    void aPulledModelIsFoundByItsName() {
        assertThat(pull("org/name").code()).isZero();
        String inspected = inspected("org/name");
        assertThat(inspected).isEqualTo(inspected(LLAMA.toString()))
                .isEqualTo(inspected("org/name@" + FakeHub.COMMIT)).isEqualTo(inspected("org/name@0123456"));
    }

    /** Returns inspect's output for a model without the free memory, which changes at any time. */
    private String inspected(String model) {
        CommandResult ran = CommandResult.in(environment, null, "inspect", "--json", "--model", model);
        assertThat(ran.err()).isEmpty();
        assertThat(ran.code()).isZero();
        assertThat(ran.json()).containsEntry("family", "Llama");
        return ran.out().replaceFirst("\"available_bytes\": \\d+", "");
    }

    @Test
    void aModelThatWasNotPulledIsReportedAsPullable() {
        CommandResult ran = CommandResult.in(environment, null, "inspect", "--model", "org/name");
        assertThat(ran.err()).startsWith("t6j: --model org/name: expected a folder").contains("t6j pull org/name")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void existingFilesAreNotDownloadedAgain() throws IOException {
        pull("org/name");
        hub.requests.clear();
        Object ref = Files.getAttribute(repository.resolve("refs/main"), "lastModifiedTime");

        CommandResult again = pull("org/name");
        assertPulled(again, "config.json", WEIGHTS);
        assertThat(again.err()).contains("all present");
        assertThat(Files.getAttribute(repository.resolve("refs/main"), "lastModifiedTime"))
                .as("a folder that cannot be written does no harm").isEqualTo(ref);
        assertThat(hub.requests).hasSize(1);
    }

    @Test
    void shardsAreThoseOfTheIndex() throws IOException {
        hub.files.clear();
        hub.with("", SHARDED, "config.json", "model.safetensors.index.json", "model-00001-of-00003.safetensors",
                "model-00002-of-00003.safetensors", "model-00003-of-00003.safetensors");
        hub.files.put("consolidated.safetensors", new byte[20_000]);

        assertThat(pull("org/name").code()).isZero();
        assertThat(relative(snapshot)).hasSize(5).doesNotContain("consolidated.safetensors");
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name").code()).isZero();

        hub.files.remove("model-00002-of-00003.safetensors");
        CommandResult ran = pull("org/name");
        assertThat(ran.err()).contains("found model-00002-of-00003.safetensors, which the repository does not have")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    @Test
    void aPulledModelHasTheFilesOfItsPooling() throws IOException {
        hub.files.put("modules.json", """
                [{"type": "sentence_transformers.models.Transformer"}, {"type": "sentence_transformers.models.Pooling"}]
                """.getBytes(StandardCharsets.UTF_8));
        hub.files.put("1_Pooling/config.json",
                "{\"pooling_mode_lasttoken\": true}".getBytes(StandardCharsets.UTF_8));
        hub.files.put("2_Other/config.json", "{}".getBytes(StandardCharsets.UTF_8));
        assertPulled(pull("org/name"), "config.json", WEIGHTS, "modules.json", "1_Pooling/config.json");
        try (Model model = Model.load(snapshot)) {
            assertThat(model.embeddingDefaults().pooling()).isEqualTo(Pooling.LAST);
            assertThat(model.embeddingDefaults().normalized()).isFalse();
        }
    }

    @Test
    void aPulledModelHasItsTemplateForTools() throws IOException {
        byte[] template = "{{ messages[0].content }}".getBytes(StandardCharsets.UTF_8);
        hub.files.put("chat_template.jinja", template);
        hub.files.put("additional_chat_templates/tool_use.jinja", template);
        hub.files.put("additional_chat_templates/rag.jinja", template);
        assertPulled(pull("org/name"), "config.json", WEIGHTS, "chat_template.jinja",
                "additional_chat_templates/tool_use.jinja");
        assertThat(ChatTemplate.of(snapshot).orElseThrow().hasTemplateForTools()).isTrue();
    }

    @Test
    void torchsFilesAreTakenWhereThereIsNothingElse() throws IOException {
        hub.files.clear();
        hub.with("", CommandResult.TESTDATA.resolve("golden/T6_groupnorm"), "config.json", "pytorch_model.bin");
        hub.files.put("training_args.bin", new byte[10]);
        hub.files.put("a.gguf", new byte[10]);
        assertPulled(pull("org/name"), "config.json", "pytorch_model.bin");
    }

    @Test
    void foldersWithModelsAreListed() throws IOException {
        hub.files.clear();
        hub.with("tpa/", LLAMA, "config.json", WEIGHTS).with("deep/mha/", LLAMA, "config.json", WEIGHTS);
        hub.files.put("README.md", new byte[] {1});
        hub.files.put("docs/image.png", new byte[] {1});

        CommandResult ran = pull("org/name");
        assertThat(ran)
                .isEqualTo(new CommandResult(2, "",
                        "t6j: org/name: expected a model, found folders with models: choose one\n"
                                + "  org/name/deep/mha  213.9 kB\n  org/name/tpa  213.9 kB\n"));
        assertThat(repository).doesNotExist();
        assertThat(pull("org/name/deep").err()).contains("org/name/deep/mha  213.9 kB").doesNotContain("tpa");
        assertFails(pull("org/name/docs"), "org/name/docs: expected weights");
        assertFails(pull("org/name/none"), "found no such folder");
    }

    @Test
    void aFolderIsPulledAlone() throws IOException {
        hub.files.clear();
        hub.with("tpa/", LLAMA, "config.json", WEIGHTS).with("mha/", LLAMA, "config.json", WEIGHTS);

        CommandResult ran = pull("org/name/tpa");
        assertThat(ran.out()).isEqualTo(snapshot.resolve("tpa") + "\n");
        assertSnapshot("tpa/config.json", "tpa/" + WEIGHTS);
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name/tpa").code()).isZero();
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name/mha").err())
                .contains("t6j pull");
        Path converted = home.resolve("converted");
        assertThat(CommandResult.in(environment, null, "convert", ran.out().strip(), converted.toString()).code())
                .isZero();
        assertThat(converted.resolve("config.json")).hasSameBinaryContentAs(LLAMA.resolve("config.json"));
    }

    @Test
    void oneOfSeveralGgufFilesMustBeNamed() throws IOException {
        hub.files.clear();
        hub.with("", GGUF, "model-f32.gguf", "model-q8_0.gguf");
        CommandResult several = pull("org/name");
        assertThat(several.err()).isEqualTo("t6j: org/name: expected one GGUF file, found 2: choose one\n"
                + "  org/name/model-f32.gguf  140.5 kB\n  org/name/model-q8_0.gguf  40.5 kB\n");
        assertThat(several.code()).isEqualTo(2);

        CommandResult pulled = pull("org/name/model-q8_0.gguf");
        assertThat(pulled.out()).isEqualTo(snapshot.resolve("model-q8_0.gguf") + "\n");
        assertSnapshot("model-q8_0.gguf");
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name/model-q8_0.gguf").code())
                .isZero();
        CommandResult none = pull("org/name/other.gguf");
        assertThat(none.err()).contains("expected a file of that name").contains("org/name/model-f32.gguf  140.5 kB");
        assertThat(none.code()).isEqualTo(2);
    }

    private void assertQuantized(String name, String path, String... further) throws IOException {
        CommandResult ran = pull(name);
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEqualTo(snapshot.resolve(path) + "\n");
        assertThat(relative(snapshot)).contains(path).containsAll(List.of(further));
    }

    @Test
    void aQuantizationIsFoundByItsName() throws IOException {
        hub.files.clear();
        hub.with("", GGUF, "model-f32.gguf", "model-q8_0.gguf");
        for (String other : new String[] {"mmproj-model-Q8_0.gguf", "Model-Q4_K_M.gguf", "model.Q4_K.gguf",
            "sub/other_Q6_K.gguf"}) {
            hub.files.put(other, other.getBytes(StandardCharsets.UTF_8));
        }
        assertQuantized("org/name:Q8_0", "model-q8_0.gguf");
        assertSnapshot("model-q8_0.gguf");
        assertQuantized("org/name:q4_k_m", "Model-Q4_K_M.gguf");
        assertQuantized("org/name:Q4_K@main", "model.Q4_K.gguf");
        assertQuantized("org/name:q6_k", "sub/other_Q6_K.gguf");
        assertThat(relative(snapshot)).hasSize(4);

        assertThat(inspected("org/name:q8_0")).isEqualTo(inspected("org/name/model-q8_0.gguf"));
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name:F32").err())
                .contains("t6j pull org/name:F32 downloads that model");
        assertThat(CommandResult.in(environment, null, "models", "--remove", "org/name:Q4_K", "--yes").code()).isZero();
        assertThat(relative(snapshot)).hasSize(3).doesNotContain("model.Q4_K.gguf");
    }

    @Test
    void aQuantizationMayBeAFolderOfShards() throws IOException {
        hub.files.clear();
        for (int shard = 1; shard <= 3; shard++) {
            hub.files.put("Q4_K_M/big-0000" + shard + "-of-00003.gguf", new byte[] {(byte) shard});
            hub.files.put("Q8_0/big-0000" + shard + "-of-00003.gguf", new byte[] {0, (byte) shard});
        }
        assertQuantized("org/name:Q8_0", "Q8_0/big-00001-of-00003.gguf", "Q8_0/big-00002-of-00003.gguf",
                "Q8_0/big-00003-of-00003.gguf");
        assertThat(relative(snapshot)).hasSize(3);
        hub.files.remove("Q4_K_M/big-00002-of-00003.gguf");
        CommandResult ran = pull("org/name:Q4_K_M");
        assertThat(ran.err()).contains("Q4_K_M/big-00001-of-00003.gguf: expected 3 files of one model, found 2")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
    }

    /** Several models at the root, one of them in parts, are choices by the first part; it brings the others. */
    @Test
    void aFileInPartsIsPulledWhole() throws IOException {
        hub.files.clear();
        hub.files.put("big-q4_k_m-00001-of-00002.gguf", new byte[10]);
        hub.files.put("big-q4_k_m-00002-of-00002.gguf", new byte[20]);
        hub.files.put("big-q2_k.gguf", new byte[40]);
        assertThat(pull("org/name")).isEqualTo(new CommandResult(2, "",
                "t6j: org/name: expected one GGUF file, found 2: choose one\n"
                        + "  org/name/big-q2_k.gguf  40 B\n  org/name/big-q4_k_m-00001-of-00002.gguf  30 B\n"));
        CommandResult ran = pull("org/name/big-q4_k_m-00001-of-00002.gguf");
        assertThat(ran.out()).isEqualTo(snapshot.resolve("big-q4_k_m-00001-of-00002.gguf") + "\n");
        assertSnapshot("big-q4_k_m-00001-of-00002.gguf", "big-q4_k_m-00002-of-00002.gguf");
        hub.files.remove("big-q4_k_m-00002-of-00002.gguf");
        assertThat(pull("org/name/big-q4_k_m-00001-of-00002.gguf").err())
                .contains("big-q4_k_m-00001-of-00002.gguf: expected 2 files of one model, found 1").hasLineCount(1);
    }

    @Test
    void anAmbiguousOrMissingQuantizationIsListed() throws IOException {
        hub.files.clear();
        hub.files.put("a-Q8_0.gguf", new byte[10]);
        hub.files.put("b-Q8_0.gguf", new byte[20]);
        hub.files.put("b-Q4_0.gguf", new byte[30]);
        assertThat(pull("org/name:Q8_0")).isEqualTo(new CommandResult(2, "",
                "t6j: org/name: expected GGUF files of Q8_0, found 2 models: choose one\n"
                        + "  org/name/a-Q8_0.gguf  10 B\n  org/name/b-Q8_0.gguf  20 B\n"));
        assertThat(pull("org/name:Q5_K_M")).isEqualTo(new CommandResult(2, "",
                "t6j: org/name: expected GGUF files of Q5_K_M, found none: choose one\n  org/name/a-Q8_0.gguf  10 B\n"
                        + "  org/name/b-Q4_0.gguf  30 B\n  org/name/b-Q8_0.gguf  20 B\n"));
        hub.files.clear();
        hub.with("", LLAMA, "config.json", WEIGHTS);
        assertFails(pull("org/name:Q8_0"), "org/name: expected GGUF files of Q8_0, found none");
    }

    /** A base model may be elsewhere. */
    @Test
    void anAdapterIsPulledAndFound() throws IOException {
        hub.files.clear();
        hub.files.put("adapter_config.json", "{\"peft_type\": \"IA3\"}".getBytes(StandardCharsets.UTF_8));
        hub.files.put("adapter_model.safetensors", new byte[10]);
        hub.files.put("tokenizer.json", new byte[10]);
        hub.files.put("chat_template.jinja", new byte[5]);
        assertPulled(pull("org/name"), "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja");
        assertThat(CommandResult.in(environment, null, "inspect", "--adapter", "org/name:0.5").err())
                .contains(snapshot + "/adapter_config.json: peft_type: expected LORA, found IA3");
        assertThat(CommandResult.in(environment, null, "inspect", "--adapter", "org/other:0.5").err())
                .contains("--adapter org/other:0.5: expected the folder", ": t6j pull org/other downloads one");
        assertThat(CommandResult.in(environment, null, "models").out())
                .containsPattern("org/name +LoRA +adapter +- +35 B +main 0123456");
    }

    @Test
    void aShortNameIsThatOfARepository() throws IOException {
        hub.only = "google/gemma-3-1b-it";
        CommandResult ran = pull("gemma3:1B");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("models--google--gemma-3-1b-it");
        assertThat(inspected("gemma3:1b")).isEqualTo(inspected("google/gemma-3-1b-it"));

        hub.only = "ggml-org/gemma-3-1b-it-GGUF";
        hub.files.clear();
        hub.files.put("gemma-3-1b-it-Q4_K_M.gguf", new byte[10]);
        hub.files.put("gemma-3-1b-it-Q8_0.gguf", Files.readAllBytes(GGUF.resolve("model-q8_0.gguf")));
        ran = pull("gemma3:1b:q8_0");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).contains("models--ggml-org--gemma-3-1b-it-GGUF").endsWith("gemma-3-1b-it-Q8_0.gguf\n");
        inspected("gemma3:1b:Q8_0");
    }

    @Test
    void aRevisionIsItsOwnRef() {
        assertThat(pull("org/name", "--revision", "refs/pr/1").code()).isZero();
        assertThat(repository.resolve("refs/refs/pr/1")).hasContent(FakeHub.COMMIT);
        assertThat(repository.resolve("refs/main")).doesNotExist();
        assertThat(CommandResult.in(environment, null, "inspect", "--model", "org/name@refs/pr/1").code()).isZero();
        assertFails(pull("org/name", "--revision", "v9"), "expected a branch, tag or commit, found no v9");
    }

    /** A renamed repository is another path of the same hub, which receives the token, too. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRenamedRepositoryIsFollowed(boolean listsSizes) throws IOException {
        environment.put("HF_TOKEN", FakeHub.TOKEN);
        hub.listsSizes = listsSizes;
        hub.hubFaults.add(exchange -> false);
        hub.hubFaults.add(exchange -> FakeHub.status(307, "Location", exchange.getRequestURI() + "?renamed")
                .answers(exchange));
        assertPulled(pull("org/name"), "config.json", WEIGHTS);
        assertThat(hub.requests.stream().filter(Request::hub))
                .allMatch(request -> ("Bearer " + FakeHub.TOKEN).equals(request.authorization()));
    }

    /** A proxy of the hub, which lists neither sizes nor hashes. */
    @Test
    void missingHashesAreRequested() throws IOException {
        hub.listsSizes = false;
        assertPulled(pull("org/name"), "config.json", WEIGHTS);
        assertThat(hub.requests.stream().filter(request -> request.method().equals("HEAD"))).hasSize(2)
                .allMatch(Request::hub);
        assertThat(relative(repository.resolve("blobs")))
                .contains(FakeHub.sha256(Files.readAllBytes(LLAMA.resolve(WEIGHTS))));
    }

    /** Links are not supported, as on Windows. */
    @Test
    void withoutLinksTheFilesLieInTheSnapshot() throws IOException {
        environment.put("HF_HUB_DISABLE_SYMLINKS", "1");
        hub.files.put("generation_config.json", "{}".getBytes(StandardCharsets.UTF_8));
        hub.files.put("tokenizer_config.json", "{}".getBytes(StandardCharsets.UTF_8)); // a duplicate of that blob
        String[] names = {"config.json", WEIGHTS, "generation_config.json", "tokenizer_config.json"};
        assertPulled(pull("org/name"), names);
        for (String name : names) {
            assertThat(Files.isRegularFile(snapshot.resolve(name), LinkOption.NOFOLLOW_LINKS)).isTrue();
        }
        assertThat(repository.resolve("blobs")).isEmptyDirectory();
        hub.requests.clear();
        assertPulled(pull("org/name"), names);
        assertThat(hub.requests).hasSize(1);
    }

    /** Both pulls succeed, and no blob is downloaded twice. */
    @Test
    void twoPullsAtOnce() throws Exception {
        hub.speed = 200_000; // the weights take a second
        CompletableFuture<CommandResult> other = CompletableFuture.supplyAsync(() -> pull("org/name"));
        while (hub.requests.stream().allMatch(Request::hub)) {
            Thread.sleep(10);
        }
        assertPulled(pull("org/name"), "config.json", WEIGHTS);
        assertPulled(other.get(), "config.json", WEIGHTS);
        assertThat(hub.requests.stream().filter(request -> !request.hub())).hasSize(1);
    }

    @Test
    void aTerminalShowsProgress() {
        hub.speed = 100_000;
        CommandResult ran = CommandResult.in(environment, "", "pull", "org/name");
        assertThat(ran.code()).isZero();
        assertThat(ran.err()).startsWith("t6j: org/name: 2 files, 213.9 kB\n").contains("\rpulling [")
                .containsPattern("] \\d[\\d.]+ % of 213\\.9 kB, \\d[^,]*B/s, \\d s left").matches("(?s).*\\r +\\r");
        assertThat(ran.out()).isEqualTo(snapshot + "\n");
        assertThat(PullProgress.line(11_500_000_000L, 1_150_000_000L, 23e6))
                .isEqualTo("[##                  ] 10.0 % of 11.5 GB, 23.0 MB/s, 7 min left");
    }
}
