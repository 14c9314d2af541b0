package io.github.t6j.cli.evaluate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.StoredTensors;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerplexityCommandTest {
    @TempDir
    Path folder;

    private StoredTensors reference;
    private int[] ids;
    private Path file;

    /**
     * Writes the text of the first 64 ids of text/test.txt, for which the official class's float64 logits are known.
     */
    @BeforeEach
    void writeText() throws IOException {
        reference = StoredTensors.read(Path.of(CommandResult.TINY, "logits_f64.safetensors"));
        ids = Arrays.stream(reference.tensors().get("input_ids").values()).mapToInt(id -> (int) id).toArray();
        String text = Tokenizer.load(Path.of(CommandResult.TINY)).decode(ids);
        assertThat(Tokenizer.load(Path.of(CommandResult.TINY)).encodeWithSpecialTokens(text)).isEqualTo(ids);
        file = Files.writeString(folder.resolve("text"), text);
    }

    @Test
    void isThatOfTheReferenceLogits() throws IOException {
        double[] logits = reference.tensors().get("logits").values();
        double total = 0;
        for (int i = 0; i + 1 < ids.length; i++) {
            total += nll(Arrays.copyOfRange(logits, i * 4096, (i + 1) * 4096), ids[i + 1]);
        }

        assertResult(perplexity("--json").json(), 63, total, 2e-5);
    }

    /** Scores each id separately, with a new session that reads the window's ids before it. */
    @ParameterizedTest
    @CsvSource({"16, 16", "16, 5", "10, 10", "63, 1", "1000, 1000"})
    void windowsScoreAsTheContractSays(int context, int stride) throws IOException {
        double total = 0;
        int scored = 0;
        try (Model model = Model.load(Path.of(CommandResult.TINY))) {
            int end = 0;
            for (int start = 0; end < ids.length; start += stride) {
                int previousEnd = end;
                end = Math.min(start + context, ids.length);
                for (int id = Math.max(previousEnd, start + 1); id < end; id++) {
                    try (Session session = model.newSession()) {
                        session.prefill(Arrays.copyOfRange(ids, start, id));
                        total += nll(toDoubles(session.logits()), ids[id]);
                        scored++;
                    }
                }
            }
        }

        Map<String, Object> found = perplexity(
                "--json", "--context", Integer.toString(context), "--stride", Integer.toString(stride)).json();

        assertResult(found, scored, total, 2e-5);
    }

    @Test
    void withoutJsonPrintsLines() {
        CommandResult ran = perplexity();

        assertThat(ran.code()).isZero();
        assertThat(ran.out())
                .containsPattern("tokens +64\nscored +63\nnll +[34]\\.\\d+ ± 0\\.\\d\\d\nperplexity +\\d+ ± \\d+\n"
                        + "bits_per_byte +\\d\\.\\d+\n");
    }

    @Test
    void endOfTextInTheFileIsTheSpecialId() throws IOException {
        Files.writeString(file, "a<|endoftext|>");

        assertThat(perplexity("--json").json()).containsEntry("tokens", 2L);
    }

    @ParameterizedTest
    @CsvSource({"'', 0", "a, 1"})
    void aTextOfLessThanTwoIdsIsAnError(String text, int found) throws IOException {
        Files.writeString(file, text);

        CommandResult ran = perplexity();

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("expected a text of at least 2 tokens, found " + found).hasLineCount(1);
    }

    @Test
    void logitsThatAreNanAreAnError() {
        Path model = CommandResult.TESTDATA.resolve("hostile/nan-weights");
        Path text = model.resolve("text.txt");

        CommandResult ran = CommandResult.of("perplexity", "--model", model.toString(), "--file", text.toString());

        assertThat(ran.err())
                .startsWith("t6j: " + text + ": expected a finite log-likelihood of token 1 (id 101), found NaN")
                .hasLineCount(1);
        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.out()).isEmpty();
    }

    @Test
    void aMissingFileIsNamed() {
        CommandResult ran = CommandResult.of("perplexity", "--file", "nowhere");

        assertThat(ran.code()).isEqualTo(1);
        assertThat(ran.err()).contains("nowhere: cannot be read: no such file").hasLineCount(1);
    }

    @Test
    void aStrideBeyondTheModelsContextIsBadUsage() {
        CommandResult ran = perplexity("--stride", "513");

        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--stride: expected at most the context, 512, found 513").hasLineCount(1);
    }

    private void assertResult(Map<String, Object> found, long scored, double total, double tolerance)
            throws IOException {
        assertThat(found).containsEntry("tokens", 64L).containsEntry("scored", scored);
        double mean = total / scored;
        assertThat((Double) found.get("nll")).isCloseTo(mean, within(tolerance));
        assertThat((Double) found.get("perplexity")).isCloseTo(Math.exp(mean), within(Math.exp(mean) * tolerance));
        assertThat((Double) found.get("bits_per_byte"))
                .isCloseTo(total / (Math.log(2) * Files.size(file)), within(tolerance));
    }

    private CommandResult perplexity(String... options) {
        List<String> args =
                new ArrayList<>(List.of("perplexity", "--model", CommandResult.TINY, "--file", file.toString()));
        args.addAll(List.of(options));
        return CommandResult.of(args.toArray(String[]::new));
    }

    private static double nll(double[] logits, int id) {
        double sum = 0;
        for (double logit : logits) {
            sum += Math.exp(logit - logits[id]);
        }
        return Math.log(sum);
    }

    private static double[] toDoubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }
}
