package io.github.t6j.cli.embed;

import io.github.t6j.Model;
import io.github.t6j.chat.rerank.RankedText;
import io.github.t6j.chat.rerank.Reranker;
import io.github.t6j.cli.Main;
import io.github.t6j.cli.evaluate.Values.FileOrInput;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Range;
import io.github.t6j.cli.io.Text;
import io.github.t6j.cli.models.ModelArguments;
import io.github.t6j.json.Json;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** {@code t6j rerank}: sorts texts by their relevance to a query. */
@Command(
        name = "rerank",
        description = {"Sorts texts by their relevance to a query.",
            "Prints the score of each text, from 0 to 1, and the text; the most relevant first."},
        footer = {
            "",
            "The model is a reranker: Qwen3-Reranker, or one with its prompt and a classification head.",
            "",
            "Examples:",
            "  t6j rerank -m DIR --query \"a whale\" --texts in.txt",
            "  t6j rerank -m DIR --query whales --texts - --top 3"
        })
public final class RerankCommand implements Callable<Integer> {
    private static final Pattern INDEX = Pattern.compile("^--texts\\[(\\d+)]");

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Option(names = "--query", required = true, paramLabel = "TEXT", description = "Question or words to search for.")
    private String query;

    @Option(names = "--texts", required = true, paramLabel = "FILE", converter = FileOrInput.class,
            description = "File of texts, one per line; - reads standard input.")
    private Path file;

    @Option(names = "--instruction", paramLabel = "TEXT",
            description = {"Sentence that says which texts are relevant",
                "(default: the sentence of Qwen3-Reranker, for a web search)."})
    private String instruction;

    @Option(names = "--top", paramLabel = "N", description = "Print only the N most relevant texts (default: all).")
    private Integer top;

    @Option(names = "--json",
            description = {"Print a JSON object on one line for each text.",
                "Its keys are index (0 for the first line), score, tokens and text."})
    private boolean json;

    @Mixin
    private ModelArguments arguments;

    @Override
    public Integer call() {
        arguments.check();
        if (top != null) {
            Range.atLeast(spec, "--top", top, 1);
        }
        List<String> texts = texts();
        try (Model model = arguments.load()) {
            Reranker reranker = new Reranker(model);
            rank(instruction == null ? reranker : reranker.withInstruction(instruction), texts).stream()
                    .limit(top == null ? texts.size() : top).forEach(ranked -> print(ranked, texts));
        }
        return Main.DONE;
    }

    /** @throws CommandFailure if there is no text, or a line is empty */
    private List<String> texts() {
        List<String> texts = Text.decode(Text.readAll(file, main), Text.name(file)).lines().toList();
        if (texts.isEmpty()) {
            throw new CommandFailure(Text.name(file) + ": expected one text per line, found none");
        }
        for (int i = 0; i < texts.size(); i++) {
            if (texts.get(i).isBlank()) {
                throw new CommandFailure(line(i) + ": expected a text, found an empty line: remove it");
            }
        }
        return texts;
    }

    private String line(int index) {
        return Text.name(file) + ", line " + (index + 1);
    }

    private List<RankedText> rank(Reranker reranker, List<String> texts) {
        try {
            return reranker.rank(query, texts);
        } catch (IllegalArgumentException wrong) { // texts[3]: … or query: …
            throw new CommandFailure(INDEX.matcher("--" + wrong.getMessage())
                    .replaceFirst(found -> Matcher.quoteReplacement(line(Integer.parseInt(found.group(1))))), wrong);
        }
    }

    private void print(RankedText ranked, List<String> texts) {
        String text = texts.get(ranked.index());
        if (!json) {
            main.out.println(String.format(Locale.ROOT, "%.4f  %s", ranked.score(),
                    Text.printable(text, Integer.MAX_VALUE)));
            return;
        }
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("index", (long) ranked.index());
        fields.put("score", ranked.score());
        fields.put("tokens", (long) ranked.tokens());
        fields.put("text", text);
        main.out.print(Json.writeLine(fields) + "\n");
    }
}
