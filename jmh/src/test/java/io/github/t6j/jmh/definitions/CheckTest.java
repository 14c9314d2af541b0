package io.github.t6j.jmh.definitions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line of check.py, where Python has numpy. */
class CheckTest {
    private static final String DECODE = "gqa_decode_h22_kv2_d64";

    @TempDir
    private Path folder;

    /** A finished process. */
    private record Run(int code, String printed) {
        static Run of(List<String> command) throws IOException, InterruptedException {
            Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
            String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            return new Run(process.waitFor(), printed);
        }
    }

    @BeforeAll
    static void findNumpy() throws InterruptedException {
        boolean found;
        try {
            found = Run.of(List.of("python3", "-c", "import numpy")).code == 0;
        } catch (IOException _) {
            found = false;
        }
        assumeThat(found).as("Python with numpy").isTrue();
    }

    private static Run check(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("python3", Definition.ROOT.resolve("check.py").toString()));
        command.addAll(List.of(arguments));
        return Run.of(command);
    }

    /** Copies an expected output, as if a program had computed it. */
    private void output(String workload) throws IOException {
        Path file = Path.of("gqa", DECODE + "-" + workload + ".safetensors");
        Files.createDirectories(folder.resolve("gqa"));
        Files.copy(Definition.ROOT.resolve("expected").resolve(file), folder.resolve(file));
    }

    @Test
    void definitionsWithoutOutputsAreSkipped() throws Exception {
        for (String workload : List.of("t65", "t1000", "t4099")) {
            output(workload);
        }

        Run run = check("--outputs", folder.toString());

        assertThat(run.code).as(run.printed).isZero();
        assertThat(run.printed).contains(DECODE + " {'tokens': 4099}: error 0.0e+00",
                "3 workloads checked, 5 definitions skipped");
    }

    @Test
    void aMissingOutputOfADefinitionIsAnError() throws Exception {
        output("t65");

        Run run = check("--outputs", folder.toString());

        assertThat(run.code).isEqualTo(1);
        assertThat(run.printed).contains(DECODE + " {'tokens': 1000}: error inf: no file " + folder,
                "2 outputs differ from the expected ones by more than 0.0001");
    }

    @Test
    void checkingNothingIsAnError() throws Exception {
        Run run = check("--outputs", folder.toString());

        assertThat(run.code).isEqualTo(1);
        assertThat(run.printed).contains(
                "nothing was checked: expected " + folder + "/OP/NAME-UUID.safetensors, found none");
    }

    @Test
    void misspeltNamesAreErrors() throws Exception {
        Path kernel = Files.writeString(folder.resolve("kernel.py"), """
                DEFINITIONS = ["gqa_decode"]
                def run(q, k, v):
                    return q
                """);

        Run file = check(kernel.toString());
        Run option = check("--only", "gqa_decode");

        assertThat(file.code).isEqualTo(1);
        assertThat(file.printed)
                .startsWith(kernel + ": expected names of definitions, found ['gqa_decode']; there are ['"
                        + DECODE + "', ");
        assertThat(option.code).isEqualTo(1);
        assertThat(option.printed).startsWith("--only: expected names of definitions, found ['gqa_decode']");
    }

    /** A kernel that returns its queries has a shape of its own or other numbers. */
    @Test
    void onlyChecksOneDefinition() throws Exception {
        Path kernel = Files.writeString(folder.resolve("kernel.py"), """
                DEFINITIONS = ["gqa_decode_h22_kv2_d64", "gqa_prefill_causal_h22_kv2_d64"]
                def run(q, k, v):
                    return q
                """);

        Run run = check(kernel.toString(), "--only", DECODE);

        assertThat(run.code).isEqualTo(1);
        assertThat(run.printed)
                .contains(DECODE + " {'tokens': 65}: error ", "3 workloads checked, 0 definitions skipped",
                        "3 outputs differ")
                .doesNotContain("prefill");
    }

    @Test
    void wrongOptionsEndBeforeTheFirstReference() throws Exception {
        for (String[] wrong : new String[][] {{"--referenz"}, {"--inputs"}, {"kernel.py", "--write"}}) {
            Run run = check(wrong);

            assertThat(run.code).isEqualTo(2);
            assertThat(run.printed).startsWith("usage: check.py").doesNotContain(" ms");
        }
        assertThat(check("--help").printed).startsWith("usage: check.py").contains("--tolerance").doesNotContain(" ms");
    }

    @Test
    void inputsOfOneDefinitionAreWritten() throws Exception {
        Run run = check("--inputs", folder.toString(), "--only", DECODE);

        assertThat(run.code).as(run.printed).isZero();
        assertThat(run.printed).contains("3 workloads written");
        try (var files = Files.list(folder.resolve("gqa"))) {
            assertThat(files).hasSize(3);
        }
        assertThat(folder.resolve("tpa")).doesNotExist();
    }
}
