package io.github.t6j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Completion and man pages, as the build generates them. */
class GeneratedFilesTest {
    private static final Map<String, String> FILES = GeneratedFiles.of("1.2.3");

    @TempDir
    private Path folder;

    /** Returns bash's completions after {@code words}, the last of which may be incomplete. */
    private List<String> offered(String... words) throws IOException, InterruptedException {
        Path script = Files.writeString(folder.resolve("t6j"), FILES.get("bash-completion/completions/t6j"));
        List<String> command =
                new ArrayList<>(List.of("bash", "--norc", "-c",
                        "source \"$0\"; compopt() { :; }; COMP_WORDS=(t6j \"$@\"); "
                                + "COMP_CWORD=$#; _complete_t6j; printf '%s\\n' \"${COMPREPLY[@]}\"",
                        script.toString()));
        command.addAll(List.of(words));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("HF_HUB_CACHE", folder.resolve("hub").toString());
        Process bash = builder.start();
        String out = new String(bash.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(bash.waitFor()).as(out).isZero();
        return out.lines().map(String::strip).filter(line -> !line.isEmpty()).toList();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            generate x -m no --cache-type    | f32 f16 bf16 q8
            generate x -m no --load          | copy mmap
            generate x -m no --variant       | full partialrope partialrope-decay linearattn
            convert x y --dtype              | f32 f16 bf16 q8_0 q6_k q5_k q4_k q4_0
            convert x y --as                 | tpa
            init --preset tiny --attention   | tpa tpa-kvonly mha gqa mla
            logits --ids 1 --path            | factored materialized
            bench -m no --format             | md csv json
            """)
    @DisabledOnOs(OS.WINDOWS)
    void bashOffersOnlyAcceptedWords(String words, String expected) throws IOException, InterruptedException {
        List<String> before = new ArrayList<>(List.of(words.split(" ")));
        before.add("");

        List<String> offered = offered(before.toArray(String[]::new));

        assertThat(offered).containsExactlyInAnyOrder(expected.split(" "));
        for (String word : offered) {
            before.set(before.size() - 1, word);
            assertThat(CommandResult.of(before.toArray(String[]::new)).err()).doesNotContain("Invalid value",
                    word + "'");
        }
    }

    @Test
    @DisabledOnOs(OS.WINDOWS)
    void bashOffersCommandsOptionsAndPresets() throws IOException, InterruptedException {
        assertThat(offered("gen")).containsExactly("generate");
        assertThat(offered("tokenizer", "")).contains("train");
        assertThat(offered("generate", "--te")).containsExactlyInAnyOrder("--temp", "--temperature");
        assertThat(offered("init", "--preset", "mlra-gla-2")).contains("mlra-gla-2", "mlra-gla-2-small");
    }

    /** The script lists the names of folders in the cache itself: t6j would take half a second. */
    @Test
    @DisabledOnOs(OS.WINDOWS)
    void shellsOfferPulledModels() throws IOException, InterruptedException {
        assertThat(offered("generate", "-m", "t6-m")).containsExactly("t6-mini");
        for (String name : List.of("models--org--llama", "models--org--a--b", "datasets--org--text")) {
            Files.createDirectories(folder.resolve("hub").resolve(name));
        }
        assertThat(offered("chat", "--model", "org/")).containsExactlyInAnyOrder("org/llama", "org/a--b");
        assertThat(offered("models", "--remove", "")).containsExactlyInAnyOrder("org/llama", "org/a--b");
        assertThat(offered("pull", "gemma")).containsExactlyInAnyOrder("gemma3", "gemma2");

        String fish = FILES.get("fish/vendor_completions.d/t6j.fish");
        assertThat(printed(fish, "__t6j_models")).containsExactlyInAnyOrder("t6-mini", "org/llama", "org/a--b");
        assertThat(printed(fish, "__t6j_pulled")).containsExactlyInAnyOrder("org/llama", "org/a--b");
        assertThat(fish).contains("-l remove -x -a '(__t6j_pulled)'");
    }

    /** Returns what the command of a function of fish prints. */
    private List<String> printed(String fish, String function) throws IOException {
        String begin = "function " + function + "\n    sh -c '";
        String command = fish.substring(fish.indexOf(begin) + begin.length());
        ProcessBuilder shell = new ProcessBuilder("sh", "-c", command.substring(0, command.indexOf("'\nend\n")));
        shell.environment().put("HF_HUB_CACHE", folder.resolve("hub").toString());
        return new String(shell.start().getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
    }

    @Test
    void fishKnowsEveryOptionAndItsWords() {
        String fish = FILES.get("fish/vendor_completions.d/t6j.fish");
        assertThat(fish.lines()).contains(
                "complete -c t6j -n '__fish_use_subcommand' -a generate -d 'Continues a text.'",
                "complete -c t6j -n '__fish_seen_subcommand_from bench' -l format -x -a 'md csv json' -d 'Format of the results'");
        assertThat(fish.lines().filter(line -> line.contains("_from generate' ")))
                .anyMatch(line -> line.contains("-s m -l model -r -F -a '(__t6j_models)'"))
                .anyMatch(line -> line.contains("-l temp -l temperature -x")
                        || line.contains("-l temperature -l temp -x"));
        Matcher words = Pattern.compile("-a '([^']*)'").matcher(fish);
        while (words.find()) {
            assertThat(words.group(1)).isEqualTo(words.group(1).toLowerCase(Locale.ROOT));
        }
        assertThat(fish.replace("\\'", "").lines())
                .allMatch(line -> line.chars().filter(c -> c == '\'').count() % 2 == 0, "quotes are closed");
    }

    @Test
    void everyCommandHasAPage() {
        for (String command : HelpTest.commands()) {
            String name = ("t6j " + command).strip().replace(' ', '-');
            assertThat(FILES.get("man/man1/" + name + ".1")).as(name)
                    .startsWith(".TH " + name.toUpperCase(Locale.ROOT).replace("-", "\\-")
                            + " 1 \"\" \"t6j 1.2.3\"")
                    .contains(".SH NAME\n" + name.replace("-", "\\-") + " \\- ", ".SH SYNOPSIS\n", "\n.SH EXAMPLES\n")
                    .matches(page -> page.chars().allMatch(c -> c < 128), "ASCII");
        }
        assertThat(FILES.get("man/man1/t6j-generate.1"))
                .contains(".SH SAMPLING\n",
                        ".TP\n.B \\-n, \\-\\-n\\-predict, \\-\\-max\\-tokens N\nMaximum number of tokens to generate; \\-1 for no"
                                + " limit (default: 128).\n")
                .doesNotContain("${");
    }

    @Test
    void filesAreWrittenBelowTheFolder() throws IOException {
        GeneratedFiles.main(new String[] {folder.resolve("share").toString(), "1.2.3"});
        for (Map.Entry<String, String> file : FILES.entrySet()) {
            assertThat(folder.resolve("share").resolve(file.getKey())).hasContent(file.getValue());
        }
    }
}
