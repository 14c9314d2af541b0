package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A hub, a home, and {@code t6j pull} from one to the other. */
public abstract class PullFixture {
    public static final Path LLAMA = CommandResult.TESTDATA.resolve("golden_llama/llama-bf16");
    public static final String WEIGHTS = "model.safetensors";

    @TempDir
    public Path home;
    public final FakeHub hub = new FakeHub();
    public Map<String, String> environment;
    public Path repository;
    public Path snapshot;

    @BeforeEach
    public void begin() throws IOException {
        environment = hub.environment(home);
        repository = home.resolve(".cache/huggingface/hub/models--org--name");
        snapshot = repository.resolve("snapshots").resolve(FakeHub.COMMIT);
        hub.with("", LLAMA, "config.json", WEIGHTS);
    }

    @AfterEach
    public void end() {
        hub.close();
    }

    public CommandResult pull(String... args) {
        List<String> all = new ArrayList<>(List.of("pull"));
        all.addAll(List.of(args));
        return CommandResult.in(environment, null, all.toArray(String[]::new));
    }

    public void assertPulled(CommandResult ran, String... names) throws IOException {
        assertThat(ran.err()).endsWith("\n");
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(ran.out()).isEqualTo(snapshot + "\n");
        assertSnapshot(names);
    }

    public void assertSnapshot(String... names) throws IOException {
        assertThat(relative(snapshot)).containsExactlyInAnyOrder(names);
        for (String name : names) {
            assertThat(snapshot.resolve(name)).hasBinaryContent(hub.files.get(name));
        }
    }

    public static List<String> relative(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(file -> !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS))
                    .map(file -> folder.relativize(file).toString().replace('\\', '/')).toList();
        }
    }

    public void assertFails(CommandResult ran, String message) {
        assertThat(ran.err()).contains(message);
        assertThat(ran.err().lines()
                .filter(line -> !line.contains("trying again") && !line.matches(".* files?, [0-9.]+ .*B")))
                .hasSize(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
        assertThat(repository.resolve("refs/main")).doesNotExist();
    }
}
