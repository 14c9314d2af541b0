package io.github.t6j.spark;

import io.github.t6j.Model;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.apache.spark.TaskContext;
import org.apache.spark.util.TaskCompletionListener;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Continues each document as {@code t6j generate --prompts} does each line. */
@Command(
        name = "generate",
        description = {"Continues each document.",
            "A result has id, text, finish_reason, tokens (ids), prompt_tokens and seed, or id and error."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      generate --model model --in prompts.jsonl --out results.parquet -n 64"
        })
final class GenerateJob implements Callable<Integer> {
    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    @Mixin
    private GenerationArguments generation;

    @Option(names = "--column", paramLabel = "NAME", defaultValue = "prompt",
            description = "Column of the texts (default: ${DEFAULT-VALUE}).")
    private String column;

    @Option(names = "--parallel", paramLabel = "N", defaultValue = "8",
            description = "Number of documents that a task continues at once (default: ${DEFAULT-VALUE}).")
    private int parallel;

    @Override
    public Integer call() throws IOException {
        documents.check();
        arguments.check(spec, 1);
        DocumentArguments.atLeast(spec, "--parallel", parallel, 1);
        check();
        // The lambda captures these variables, not this object, which has the command line.
        ModelArguments from = arguments;
        GenerationArguments how = generation;
        String where = column;
        int most = parallel;
        documents.run(main, column, Continuations.RESULT, partition -> {
            Model model = from.onExecutor();
            Continuations results = new Continuations(model, from.sessionOptions(model), how, where, most, partition);
            TaskContext.get().addTaskCompletionListener((TaskCompletionListener) _ -> results.close());
            return results;
        });
        return 0;
    }

    private void check() {
        try {
            generation.over(SamplingOptions.defaults());
        } catch (IllegalArgumentException e) { // "topK: expected …" is about --top-k
            String[] message = e.getMessage().split(":", 2);
            String option = message[0].replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
            throw new ParameterException(spec.commandLine(), "--" + option + ":" + message[1], e);
        }
    }
}
