package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.schedule.Scheduler;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** Multiple-choice questions. */
public final class QuestionLines implements ScoredLines {
    private final Model model;
    private final Examples examples;
    private final Accuracy accuracy = new Accuracy();

    public QuestionLines(Model model, Examples examples) {
        this.model = model;
        this.examples = examples;
    }

    @Override
    public Question parse(Line line) {
        return Question.parse(line);
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.containsKey("log_likelihoods") && found.get("gold") instanceof Long
                && found.get("choice") instanceof Long && found.get("choice_norm") instanceof Long
                && examples.areOf(found);
    }

    @Override
    public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
        Question question = parse(line);
        List<CompletableFuture<List<float[]>>> scorings =
                new ChoiceScorer(model.tokenizer(), scheduler, examples.text()).submit(question);
        return LineWork.cancelling(scorings, into -> {
            into.putAll(Accuracy.result(question, ChoiceScorer.logLikelihoods(question, scorings)));
            examples.nameIn(into);
        });
    }

    @Override
    public void add(Map<String, Object> result) {
        accuracy.add(result);
    }

    @Override
    public String found() {
        return accuracy.questions() == 0 ? "" : accuracy.line();
    }

    @Override
    public int count() {
        return accuracy.questions();
    }

    @Override
    public Map<String, Object> fields() {
        return accuracy.fields();
    }
}
