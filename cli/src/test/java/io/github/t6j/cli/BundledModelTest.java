package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.cli.generate.GenerateCommandTest;
import io.github.t6j.cli.generate.GenerateCommandTest.Greedy;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The model used without --model; another program made its reference.json, in float64. */
class BundledModelTest {

    static List<Greedy> greedy() throws IOException {
        return GenerateCommandTest.greedy(CommandResult.BUNDLED);
    }

    @ParameterizedTest
    @MethodSource("greedy")
    void continuesGreedilyAsTheReference(Greedy expected) {
        CommandResult ran =
                CommandResult.of("generate", expected.prompt(), "-n", "" + expected.ids().size(), "--temperature", "0");

        assertThat(ran).isEqualTo(new CommandResult(0, expected.text() + "\n", ""));
    }
}
