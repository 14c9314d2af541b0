package io.github.t6j.cli.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.NewFolder.Content;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(30)
class NewFolderTest {
    private final Main main = new Main(new ByteArrayInputStream(new byte[0]), new ByteArrayOutputStream(),
            new PrintStream(new ByteArrayOutputStream()), false);

    @TempDir
    private Path parent;

    private static Content text(String text) {
        return file -> Files.writeString(file, text);
    }

    @Test
    void theSecondProcessDestroysNothing() throws Exception {
        Path folder = parent.resolve("made");
        CountDownLatch begun = new CountDownLatch(1);
        CountDownLatch end = new CountDownLatch(1);
        Map<String, Content> files = new LinkedHashMap<>();
        files.put("a", text("first"));
        files.put("b", file -> {
            begun.countDown();
            await(end);
            Files.writeString(file, "last");
        });
        FutureTask<Void> first = new FutureTask<>(() -> NewFolder.create(main, folder, files), null);
        Thread.ofPlatform().start(first);
        begun.await();

        assertThatThrownBy(() -> NewFolder.create(main, folder, Map.of("a", text("second"), "b", text("second"))))
                .isInstanceOf(CommandFailure.class).hasMessageContaining("another t6j writing to it");
        end.countDown();
        first.get();
        assertThat(folder.resolve("a")).hasContent("first");
        assertThat(folder.resolve("b")).hasContent("last");
        assertThat(Files.list(folder)).hasSize(2);
        assertThatThrownBy(() -> NewFolder.create(main, folder, files))
                .hasMessageContaining("expected a new or empty folder");
        assertThat(Files.list(folder)).hasSize(2);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aFailureLeavesNothingAndNamesTheFile() throws IOException {
        Path folder = parent.resolve("made");
        Map<String, Content> files = new LinkedHashMap<>();
        files.put("a", text("first"));
        files.put("b", file -> {
            Files.writeString(file.resolveSibling("b.t6j-1.partial"), "half");
            throw new IOException("No space left on device");
        });

        assertThatThrownBy(() -> NewFolder.create(main, folder, files)).isInstanceOf(CommandFailure.class)
                .hasMessage(folder.resolve("b") + ": cannot be written: No space left on device");
        assertThat(folder).doesNotExist();
        Files.createDirectory(folder);
        assertThatThrownBy(() -> NewFolder.create(main, folder, files)).isInstanceOf(CommandFailure.class);
        assertThat(folder).isEmptyDirectory();
    }

    /** A list without a lock, as a killed process leaves it. */
    @Test
    void remainsOfAKilledProcessAreReplaced() throws IOException {
        Path folder = Files.createDirectory(parent.resolve("made"));
        Files.writeString(folder.resolve(NewFolder.LIST), "old\nweights\n../precious");
        Files.writeString(folder.resolve("old"), "x");
        Files.writeString(folder.resolve("weights.t6j-1f.partial"), "x");
        Path precious = Files.writeString(parent.resolve("precious"), "x");

        NewFolder.create(main, folder, Map.of("new", text("y")));

        assertThat(Files.list(folder)).containsExactly(folder.resolve("new"));
        assertThat(precious).exists();
    }

    @Test
    void filesThatTheListDoesNotNameStay() throws IOException {
        Path folder = Files.createDirectory(parent.resolve("made"));
        Files.writeString(folder.resolve(NewFolder.LIST), "old");
        Files.writeString(folder.resolve("notes"), "mine");

        assertThatThrownBy(() -> NewFolder.create(main, folder, Map.of("new", text("y"))))
                .hasMessageContaining("found notes in it");
        assertThat(folder.resolve("notes")).hasContent("mine");
    }

    @Test
    void aPlaceThatIsNoFolderIsReported() throws IOException {
        Path file = Files.writeString(parent.resolve("file"), "x");

        assertThatThrownBy(() -> NewFolder.check(file)).hasMessageContaining("found a file");
        assertThatThrownBy(() -> NewFolder.check(file.resolve("a/b"))).hasMessageContaining("file is not a folder");
    }
}
