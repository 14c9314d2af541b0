package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.schedule.Scheduler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Lines of {@code score}, one question each. */
final class QuestionLines implements LineWork {
    private final Model model;
    private final Accuracy accuracy = new Accuracy();

    QuestionLines(Model model) {
        this.model = model;
    }

    @Override
    public String name() {
        return "score";
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.containsKey("log_likelihoods") && found.get("gold") instanceof Long
                && found.get("choice") instanceof Long && found.get("choice_norm") instanceof Long;
    }

    @Override
    public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
        Question question = Question.parse(line);
        List<CompletableFuture<List<float[]>>> scorings =
                new ChoiceScorer(model.tokenizer(), scheduler).submit(question);
        return LineWork.cancelling(scorings,
                into -> into.putAll(Accuracy.result(question, ChoiceScorer.logLikelihoods(question, scorings))));
    }

    @Override
    public void add(Map<String, Object> result) {
        accuracy.add(result);
    }

    @Override
    public String found() {
        return accuracy.questions() == 0 ? "" : accuracy.line();
    }

    /** Returns the accuracy over all scored questions. */
    Accuracy accuracy() {
        return accuracy;
    }
}
