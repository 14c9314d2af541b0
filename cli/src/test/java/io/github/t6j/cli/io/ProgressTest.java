package io.github.t6j.cli.io;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.Main;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Lines of progress, and what is printed between them. */
class ProgressTest {
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    private Main main(boolean watched) {
        return new Main(InputStream.nullInputStream(), OutputStream.nullOutputStream(),
                new PrintStream(err, true, StandardCharsets.UTF_8), watched, watched, Map.of("COLUMNS", "80"));
    }

    private String printed() {
        return err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    /** After Ctrl-C the terminal's ^C is on the line, also before the first progress. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aNoteReplacesTheLine(boolean interrupted) {
        Main main = main(true);
        main.interrupted = interrupted;
        try (Progress progress = new Progress(main, "training")) {
            progress.interrupt(() -> main.note("first"));
            progress.print("1 s");
            progress.interrupt(() -> main.note("second"));
        }
        assertThat(printed()).startsWith((interrupted ? "\r  \r" : "") + "t6j: first\n\rtraining 1 s\r"
                + " ".repeat("training 1 s^C".length()) + "\rt6j: second\n");
    }

    /** Text may follow on the line once the progress is closed. */
    @Test
    void whatFollowsIsNotErased() {
        Main main = main(true);
        Progress progress = new Progress(main, "training");
        progress.print("1 s");
        progress.close();
        String before = printed();
        main.interrupted = true;
        progress.close();
        assertThat(printed()).isEqualTo(before);
    }

    @Test
    void aFileHasNoProgress() {
        Main main = main(false);
        main.interrupted = true;
        try (Progress progress = new Progress(main, "training")) {
            progress.print("1 s");
            progress.interrupt(() -> main.note("first"));
        }
        assertThat(printed()).isEqualTo("t6j: first\n");
    }
}
