package io.github.t6j.spark;

import static org.apache.spark.sql.functions.avg;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;

import io.github.t6j.Model;
import io.github.t6j.cli.evaluate.ContinuationLines;
import io.github.t6j.cli.evaluate.Examples;
import io.github.t6j.cli.evaluate.Perplexity;
import io.github.t6j.cli.evaluate.QuestionLines;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.spark.DocumentArguments.Input;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Scores questions and continuations as {@code t6j score} does. */
@Command(
        name = "score",
        description = {"Scores multiple-choice questions, or continuations, by their log-likelihood.",
            "A document has context, and choices (texts) with gold (index of the correct one), or continuation.",
            "A result has id; gold, log_likelihoods, choice and choice_norm (indices of the largest, also per character);",
            "or log_likelihood and greedy (true if greedy decoding generates it); or error and input."},
        mixinStandardHelpOptions = true,
        footer = {
            "",
            "Example:",
            "  spark-submit --master spark://HOST:7077 --archives model.zip#model t6j-spark.jar \\",
            "      score --model model --in questions.jsonl --out scores.parquet"
        })
final class ScoreJob implements Callable<Integer> {
    private static final StructType RESULT = new StructType().add("gold", DataTypes.IntegerType)
            .add("log_likelihoods", DataTypes.createArrayType(DataTypes.DoubleType))
            .add("choice", DataTypes.IntegerType).add("choice_norm", DataTypes.IntegerType)
            .add("log_likelihood", DataTypes.DoubleType).add("greedy", DataTypes.BooleanType);

    @ParentCommand
    private Main main;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelArguments arguments;

    @Mixin
    private DocumentArguments documents;

    /** Questions and continuations, in one table. */
    private record Either(LineWork questions, LineWork continuations) implements LineWork {
        Either(Model model) {
            this(new QuestionLines(model, Examples.NONE), new ContinuationLines(model, Examples.NONE));
        }

        @Override
        public String name() {
            return questions.name();
        }

        @Override
        public boolean isResult(Map<String, Object> found) {
            return questions.isResult(found) || continuations.isResult(found);
        }

        @Override
        public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
            LineWork work = line.fields().containsKey("continuation") ? continuations : questions;
            return work.begin(line, index, result, scheduler);
        }
    }

    @Override
    public Integer call() throws IOException {
        documents.check();
        arguments.check(spec, 1);
        summarize(documents.run(main, arguments,
                new Input("choices", "choices", "continuation", List.of("context", "gold")), RESULT, Either::new));
        return 0;
    }

    private void summarize(Dataset<Row> results) {
        Column right = col("choice").equalTo(col("gold")).cast("double");
        Column rightPerCharacter = col("choice_norm").equalTo(col("gold")).cast("double");
        Row all = results.agg(count("choice"), avg(right), avg(rightPerCharacter), count("greedy"),
                avg(col("greedy").cast("double")), avg("log_likelihood")).first();
        if (all.getLong(0) > 0) {
            main.note(String.format(Locale.ROOT, "%d questions, acc %s, acc_norm %s", all.getLong(0),
                    share(all.getDouble(1), all.getLong(0)), share(all.getDouble(2), all.getLong(0))));
        }
        if (all.getLong(3) > 0) {
            main.note(String.format(Locale.ROOT, "%d continuations, acc %s, perplexity %.4f", all.getLong(3),
                    share(all.getDouble(4), all.getLong(3)), Math.exp(-all.getDouble(5))));
        }
    }

    /** Returns a mean of zeros and ones with its standard error, from the sample deviation. */
    private static String share(double mean, long count) {
        return Perplexity.measured(mean, Math.sqrt(mean * (1 - mean) / (count - 1)));
    }
}
