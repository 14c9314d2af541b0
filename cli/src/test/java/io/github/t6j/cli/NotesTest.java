package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Lines for people on standard error. */
class NotesTest {
    private static final String TEXT = "note: --context 4000 exceeds the 512 positions that the model was trained on;"
            + " text beyond them may be worse";

    private static String note(boolean watched) {
        ByteArrayOutputStream err = new ByteArrayOutputStream();
        new Main(InputStream.nullInputStream(), OutputStream.nullOutputStream(),
                new PrintStream(err, true, StandardCharsets.UTF_8), false, watched, Map.of("COLUMNS", "37")).note(TEXT);
        return err.toString(StandardCharsets.UTF_8).replace(System.lineSeparator(), "\n");
    }

    @Test
    void aTerminalBreaksThemBetweenWords() {
        String shown = note(true);
        assertThat(shown.lines()).hasSizeGreaterThan(2).allMatch(line -> line.length() <= 37);
        assertThat(shown.split("\\s+")).containsExactly(("t6j: " + TEXT).split(" "));
    }

    @Test
    void aFileHasOneLine() {
        assertThat(note(false)).isEqualTo("t6j: " + TEXT + "\n");
    }
}
