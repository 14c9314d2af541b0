package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code t6j run NAME TEXT} and {@code t6j chat}: the words that are a model, and their download. */
class RunCommandTest extends PullFixture {
    private static final Path TINY = Path.of(CommandResult.TINY);
    private static final String[] GREEDY = {"-n", "4", "--temperature", "0"};

    @BeforeEach
    void chatModel() throws IOException {
        hub.files.clear();
        hub.with("", TINY, "config.json", "model.safetensors", "tokenizer.json");
    }

    /** @param typed answer on a terminal, or null without one */
    private CommandResult run(String typed, String... words) {
        List<String> args = new ArrayList<>(List.of(words));
        args.addAll(List.of(GREEDY));
        return CommandResult.in(environment, typed, args.toArray(String[]::new));
    }

    private static String answer(String model, String text) {
        return CommandResult.of("chat", "-m", model, "-p", text, GREEDY[0], GREEDY[1], GREEDY[2], GREEDY[3]).out();
    }

    private static String tinys(String text) {
        return answer(CommandResult.TINY, text);
    }

    private static String bundleds(String text) {
        return answer("t6-mini", text);
    }

    @Test
    void aRepositoryIsPulledAfterAQuestionWithItsSize() {
        CommandResult ran = run("y\n", "run", "org/name", "The", "whale");

        assertThat(ran.err()).startsWith("t6j: org/name: 3 files, 13.3 MB\nDownload it? [y/N] ");
        assertThat(ran.out()).contains(tinys("The whale").strip());
        assertThat(ran.code()).isZero();
        assertThat(run(null, "chat", "org/name", "The whale")).isEqualTo(new CommandResult(0, tinys("The whale"), ""));
    }

    @Test
    void withoutConsentNothingIsPulled() {
        CommandResult ran = run("\n", "run", "org/name", "The whale");

        assertThat(ran.err()).endsWith("t6j: org/name: not on this machine, and not downloaded; to send it as text, use"
                + " --prompt\n");
        assertThat(ran.code()).isEqualTo(1);
        assertThat(repository.resolve("snapshots")).doesNotExist();
    }

    @Test
    void withoutATerminalOnlyPulledRepositoriesAreModels() {
        assertThat(run(null, "run", "org/name", "-s", "1")).isEqualTo(new CommandResult(0, bundleds("org/name"), ""));
        assertThat(hub.requests).isEmpty();
        CommandResult shortName = run(null, "run", "smollm2", "hi");
        assertThat(shortName.err()).isEqualTo("t6j: HuggingFaceTB/SmolLM2-135M-Instruct: not on this machine: t6j pull"
                + " HuggingFaceTB/SmolLM2-135M-Instruct downloads it; without a terminal, t6j cannot ask\n");
        assertThat(shortName.code()).isEqualTo(1);
        assertThat(hub.requests).isEmpty();
    }

    @Test
    void aFolderAFileAndTheBundledModelAreModels() {
        assertThat(run(null, "run", CommandResult.TINY, "The whale").out()).isEqualTo(tinys("The whale"));
        assertThat(run(null, "run", TINY.resolve("model.safetensors").toString(), "The", "whale").out())
                .isEqualTo(tinys("The whale"));
        assertThat(run(null, "run", "t6-mini", "Hello").out()).isEqualTo(bundleds("Hello"));
        assertThat(run(null, "run", "nowhere.gguf", "Hello").err()).startsWith("t6j: NAME nowhere.gguf: expected");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Hello", "org/name or not", "t6-mini is small", "src", "/usr/bin"})
    void otherWordsAreText(String text) {
        assertThat(run(null, "chat", text)).isEqualTo(new CommandResult(0, bundleds(text), ""));
    }

    @Test
    void withAModelAllWordsAreText() {
        assertThat(run(null, "chat", "-m", CommandResult.TINY, "t6-mini", "Hello").out())
                .isEqualTo(tinys("t6-mini Hello"));
    }

    @Test
    void hfPullsWhatIsMissingAsLlamaCppDoes() {
        CommandResult first = run(null, "generate", "-hf", "org/name", "The whale");

        assertThat(first.err()).isEqualTo("t6j: org/name: 3 files, 13.3 MB\n");
        hub.requests.clear();
        assertThat(run(null, "generate", "-hf", "org/name", "The whale"))
                .isEqualTo(new CommandResult(0, first.out(), ""));
        assertThat(hub.requests).isEmpty();
    }
}
