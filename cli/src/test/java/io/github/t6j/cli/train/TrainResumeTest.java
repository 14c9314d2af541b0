package io.github.t6j.cli.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.cli.CommandResult;
import io.github.t6j.cli.LaunchedProcess;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.io.CommandFailure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of {@code t6j train} that are interrupted, resumed and lengthened. */
class TrainResumeTest extends TrainRuns {
    private static final long SECONDS = 60;

    @Tag("full")
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptedRunEndsAsOneThatWasNot() throws IOException {
        Path straight = folder.resolve("straight");
        assertThat(CommandResult.of(command(straight, small("--steps", "60"))).code()).isZero();
        for (String signal : new String[] {"INT", "KILL"}) {
            LaunchedProcess launched = LaunchedProcess.start(
                    LaunchedProcess.builder(LaunchedProcess.modules(), command(out, small("--steps", "60"))));
            launched.awaitErr("step 10 of 60");
            launched.signal(signal);
            CommandResult ended = launched.end(SECONDS);
            assertThat(ended.code()).isEqualTo(signal.equals("INT") ? Main.INTERRUPTED : 137);
            if (signal.equals("INT")) {
                assertThat(ended.err())
                        .containsPattern(
                                "interrupted after step \\d+ of 60; its checkpoint is saved: continue with --resume, and "
                                        + "--data and --out as before");
            }

            CommandResult resumed = CommandResult.of(command(out, "--resume", "--threads", "1"));
            assertThat(resumed.err()).contains("continuing after step");
            assertThat(resumed.code()).isZero();
            assertThat(out.resolve("model.safetensors"))
                    .hasSameBinaryContentAs(straight.resolve("model.safetensors"));
            assertThat(losses(out)).isEqualTo(losses(straight));
            try (Stream<Path> checkpoints = Files.list(out.resolve("checkpoints"))) {
                assertThat(checkpoints.map(Path::getFileName).map(Path::toString))
                        .containsExactlyInAnyOrder("step-000000050", "step-000000060");
            }
            delete(out);
        }
    }

    /** Simulates a full disk: the checkpoint on Ctrl-C cannot be saved, and the command reports that. */
    @Tag("full")
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void anInterruptReportsThatItCannotSave() throws IOException {
        LaunchedProcess launched = LaunchedProcess.start(
                LaunchedProcess.builder(LaunchedProcess.modules(), command(out, small("--steps", "500"))));
        launched.awaitErr("step 50 of 500");
        delete(out.resolve("checkpoints"));
        Files.createFile(out.resolve("checkpoints"));
        launched.signal("INT");
        CommandResult ended = launched.end(SECONDS);
        assertThat(ended.err())
                .containsPattern("interrupted after step \\d+ of 500; its checkpoint could not be saved: ")
                .doesNotContain("checkpoint is saved", "\tat ");
        assertThat(ended.code()).isEqualTo(Main.INTERRUPTED);
    }

    @Test
    void aResumedRunKeepsItsValidationData() throws IOException {
        byte[] ids = new byte[2 * 777];
        Path valid = Files.write(folder.resolve("valid.bin"), ids);
        Path other = Files.write(folder.resolve("other.bin"), Arrays.copyOf(ids, 2 * 555));
        ids[2 * 776] = 1;
        Path lastDiffers = Files.write(folder.resolve("last.bin"), ids);
        assertThat(CommandResult.of(command(out, small("--steps", "2", "--valid", valid.toString()))).code()).isZero();
        byte[] log = Files.readAllBytes(out.resolve("log.jsonl"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "--resume: expected the same data as when the run began, with ",
                "training tokens ", "give the same files to --data and, if you used it, --valid");
        assertFailed(CommandResult.of(command(out, "--resume", "--valid", other.toString())),
                "--resume: expected the same data as when the run began, with ", "validation tokens 777, found 555");
        assertFailed(CommandResult.of(command(out, "--resume", "--valid", lastDiffers.toString())),
                "--resume: expected the same data as when the run began, with ", "validation checksum ");
        assertThat(out.resolve("log.jsonl")).hasBinaryContent(log);
        assertThat(CommandResult.of(command(out, "--resume", "--valid", valid.toString())).code()).isZero();
    }

    /** Returns the losses of steps and of evaluations. */
    private static List<Object> losses(Path run) throws IOException {
        List<Object> losses = new ArrayList<>();
        for (Map<String, Object> entry : log(run)) {
            losses.add(List.of(entry.getOrDefault("step", 0L), entry.getOrDefault("loss", 0.0),
                    entry.getOrDefault("validation_loss", 0.0), entry.getOrDefault("best", false)));
        }
        return losses;
    }

    @Test
    void remainsOfAKilledProcessAreRemoved() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path checkpoints = out.resolve("checkpoints");
        for (String name : List.of(".step-000000009.partial", "step-000000001", "mine")) {
            Files.write(Files.createDirectory(checkpoints.resolve(name)).resolve("model.safetensors"), new byte[9]);
        }
        assertThat(CommandResult.of(command(out, "--resume")).code()).isZero();
        assertThat(checkpoints.toFile().list()).containsExactlyInAnyOrder("step-000000002", "mine");
    }

    @Test
    void aLostLogIsReportedAndRestarted() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "20"))).code()).isZero();
        delete(out.resolve("checkpoints/step-000000020"));
        Map<String, Object> first = log(out).getFirst();
        Files.delete(out.resolve("log.jsonl"));
        CommandResult ran = CommandResult.of(command(out, "--resume"));
        assertThat(ran.err()).contains(out.resolve("log.jsonl") + " is missing, so the best model so far is unknown");
        assertThat(log(out).getFirst()).isEqualTo(first);
    }

    @Test
    void aLossThatIsNanIsOneLineAndNoCheckpointIsLost() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path checkpoint = out.resolve("checkpoints/step-000000002");
        Path broken = folder.resolve("broken");
        Files.createDirectories(broken.resolve("checkpoints"));
        Path copy = Files.createDirectories(broken.resolve("checkpoints/step-000000002"));
        try (Stream<Path> files = Files.list(checkpoint)) {
            for (Path file : files.toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        byte[] weights = Files.readAllBytes(copy.resolve("model.safetensors"));
        weights[weights.length - 1] = 0x7f; // makes the embedding's last element NaN
        weights[weights.length - 2] = (byte) 0xc0;
        Files.write(copy.resolve("model.safetensors"), weights);
        String json = Files.readString(copy.resolve("training.json"));
        Files.writeString(copy.resolve("training.json"), json.replace("\"updates\": 2", "\"updates\": 9"));

        assertFailed(CommandResult.of(command(broken, "--resume")), "step 3: expected a finite loss and gradient norm",
                ": start a new run with a lower learning rate, such as t6j train --init-from " + copy
                        + " with --data as before, another --out, and a --learning-rate below 0.002");
        assertThat(copy.resolve("training.json")).exists();
    }

    /** Simulates a full disk: the new checkpoint cannot be written. */
    @Test
    void aCheckpointThatCannotBeWrittenIsOneLineAndNoneIsLost() throws IOException {
        Path inTheWay = out.resolve("checkpoints/.step-000000020.partial/sub");
        Files.createDirectories(inTheWay);
        Files.createFile(inTheWay.resolve("file"));
        Files.createFile(out.resolve(".t6j-training")); // the remains of a run that was killed early

        assertFailed(CommandResult.of(command(out, small("--steps", "20", "--keep", "1"))),
                "step-000000020: cannot be written");
        assertThat(out.resolve("checkpoints/step-000000010/training.json")).exists();
        delete(out.resolve("checkpoints/.step-000000020.partial"));
        assertThat(CommandResult.of(command(out, "--resume", "--keep", "1")).code()).isZero();
        assertThat(out.resolve("checkpoints/step-000000020/training.json")).exists();
        assertThat(out.resolve("checkpoints/step-000000010")).doesNotExist();
    }

    @Test
    void aResumedRunKeepsAsManyCheckpoints() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "20", "--keep", "9"))).code()).isZero();
        assertThat(CommandResult.of(command(out, "--resume", "--more-steps", "4")).code()).isZero();
        try (var checkpoints = Files.list(out.resolve("checkpoints"))) {
            assertThat(checkpoints).hasSize(3); // of the steps 10, 20 and 24; the default is 2
        }
        assertThat(CommandResult.of(command(out, "--resume", "--more-steps", "4", "--keep", "1")).code()).isZero();
        try (var checkpoints = Files.list(out.resolve("checkpoints"))) {
            assertThat(checkpoints).hasSize(1);
        }
    }

    @Test
    void aRunIsNotOverwrittenNorMixedWithOtherData() throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        assertFailed(CommandResult.of(command(out, small("--steps", "2"))),
                "found a run in it: continue it with --resume");
        Files.writeString(data, "More. " + Files.readString(data));
        Path checkpoint = out.resolve("checkpoints/step-000000002/training.json");
        Files.writeString(checkpoint, Files.readString(checkpoint).replace("\"updates\": 2", "\"updates\": 3"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "--resume: expected the same data as when the run began");
        byte[] text = Files.readAllBytes(data);
        Files.writeString(data, Files.readString(data).substring(6).replace(" the ", " our "));
        String log = Files.readString(out.resolve("log.jsonl"));
        Files.writeString(out.resolve("log.jsonl"),
                log.replaceAll("\"(training_tokens|validation_tokens|validation_checksum)\":[^,]*,", ""));
        String kept = Files.readString(out.resolve("log.jsonl"));
        assertFailed(CommandResult.of(command(out, "--resume", "--more-steps", "5")),
                "data: expected the data that this run has read so far");
        assertThat(out.resolve("log.jsonl")).hasContent(kept);
        Files.write(data, text);
        Files.delete(out.resolve("log.jsonl"));
        assertFailed(CommandResult.of(command(out, "--resume")),
                "data: expected the data that this run has read so far");
        assertFailed(CommandResult.of(command(folder.resolve("other"), "--resume")), "expected a run to resume");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', textBlock = """
            format          | 2          | format: expected 1, found 2
            steps           | -1         | steps: expected a whole number from 0, found -1
            context         | 99999999   | context: expected 0 to 1048576, found 99999999
            sequences       | 0          | sequences: expected a whole number from 1, found 0
            learning_rate   | "x"        | learning_rate: expected a number, found x
            learning_rate   | 2.0        | maximum: expected above 0 and at most 1, found 2.0
            beta1           | 1.0        | beta1: expected 0 to below 1, found 1.0
            adds            | 0          | adds: expected true or false, found 0
            initialization  | "NONE"     | initialization: expected one of [SMALL, OFFICIAL], found NONE
            order           | [1, "2"]   | order: expected at most 16 whole numbers
            data_order      | "EPOCH", "renewals": [[1, 2]] | renewals: expected lists of three whole numbers
            data_order      | "EPOCH", "renewals": [[0, 1, 3]] | plans: expected steps in order, the first 0, found 0
            order           | [0, 64, 1, 2, 3] | state of the data order: expected EPOCH
            data_ids        | 0          | data_ids: expected a whole number from 1, found 0
            """)
    void aDamagedCheckpointIsOneLine(String key, String value, String message) throws IOException {
        assertThat(CommandResult.of(command(out, small("--steps", "2"))).code()).isZero();
        Path file = out.resolve("checkpoints/step-000000002/training.json");
        String json = Files.readString(file).replace("\"updates\": 2", "\"updates\": 3");
        Files.writeString(file, json.replaceFirst("\"" + key + "\": (\\[[^]]*]|[^,\n]*)", "\"" + key + "\": " + value));

        assertFailed(CommandResult.of(command(out, "--resume")), message);
    }

    @Test
    void moreStepsLengthenAResumedRunOnly() {
        CommandResult ran = CommandResult.of(command(out, small("--more-steps", "5")));
        assertThat(ran.err()).contains("--more-steps: expected --resume, found none");
        assertThat(ran.code()).isEqualTo(2);
        ran = CommandResult.of(command(out, "--resume", "--more-steps", "5", "--minutes", "1"));
        assertThat(ran.err()).contains("--more-steps: expected no --minutes, found both");
    }

    /** A step has 256 tokens; the minutes would hold many more of them. */
    @Tag("full")
    @Test
    void limitsOfARunStayWhenItIsLengthened() throws IOException {
        CommandResult ran = CommandResult.of(command(out, small("--accumulate", "2", "--tokens", "3080")));
        assertThat(ran.code()).as(ran.err()).isZero();
        delete(out.resolve("checkpoints/step-000000012"));
        ran = CommandResult.of(command(out, "--resume", "--minutes", "5"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(log(out).getLast()).containsEntry("step", 12L);

        assertFailed(CommandResult.of(command(out, "--resume", "--minutes", "5")), "--minutes: expected a run of fewer"
                + " steps than its limits allow (--tokens 3080: 12 steps), found 12: give another limit with --passes or"
                + " --tokens");
        ran = CommandResult.of(command(out, "--resume", "--minutes", "5", "--tokens", "3400"));
        assertThat(ran.code()).as(ran.err()).isZero();
        assertThat(log(out).getLast()).containsEntry("step", 13L);
        assertFailed(CommandResult.of(command(out, "--resume", "--minutes", "5")),
                "(--tokens 3400: 13 steps), found 13");
        ran = CommandResult.of(command(out, "--resume", "--passes", "5"));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--resume: expected no --passes without --minutes");
    }

    @ParameterizedTest
    @ValueSource(strings = {"--steps 5", "--preset t6-nano", "--seed 1", "--learning-rate 1e-3", "--init-from x"})
    void aResumedRunKeepsItsOptions(String option) {
        String[] words = ("--resume " + option).split(" ");
        CommandResult ran = CommandResult.of(command(out, words));
        assertThat(ran.code()).isEqualTo(2);
        assertThat(ran.err()).contains("--resume: expected no " + words[1] + ", since a resumed run keeps its options")
                .hasLineCount(1);
    }

    /** The other process ends between the choice of a checkpoint and the lock. */
    @Test
    void aCheckpointThatAnotherProcessSavedMeanwhileIsNotIgnored() throws IOException {
        Path older = Files.createDirectories(out.resolve("checkpoints/step-000000002"));
        Files.createFile(older.resolve("training.json"));
        Path newest = RunFolder.newest(out);
        Path newer = Files.createDirectories(out.resolve("checkpoints/step-000000010"));
        Files.createFile(newer.resolve("training.json"));
        try (RunFolder run = new RunFolder(out, 2)) {
            assertThatThrownBy(() -> run.checkNewest(newest)).isInstanceOf(CommandFailure.class)
                    .hasMessage(out + ": expected the newest checkpoint step-000000002, found step-000000010, which"
                            + " another t6j saved meanwhile: run the command again");
            run.checkNewest(newer);
        }
    }
}
