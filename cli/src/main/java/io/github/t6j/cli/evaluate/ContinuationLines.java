package io.github.t6j.cli.evaluate;

import io.github.t6j.Model;
import io.github.t6j.cli.generate.Line;
import io.github.t6j.cli.generate.LineWork;
import io.github.t6j.schedule.Scheduler;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * Texts with their continuations: the log-likelihood of each, and whether greedy decoding generates it, as
 * lm-evaluation-harness' tasks of the type loglikelihood do.
 */
public final class ContinuationLines implements ScoredLines {
    private final Model model;
    private final Examples examples;
    private final Perplexity perplexity = new Perplexity();
    private int matches;

    public ContinuationLines(Model model, Examples examples) {
        this.model = model;
        this.examples = examples;
    }

    @Override
    public Question parse(Line line) {
        return Question.parseContinuation(line);
    }

    @Override
    public boolean isResult(Map<String, Object> found) {
        return found.get("log_likelihood") instanceof Number && found.get("greedy") instanceof Boolean
                && examples.areOf(found);
    }

    @Override
    public Finish begin(Line line, long index, Map<String, Object> result, Scheduler scheduler) {
        Question question = parse(line);
        ChoiceScorer scorer = new ChoiceScorer(model.tokenizer(), scheduler, examples.text());
        List<CompletableFuture<List<float[]>>> scorings = scorer.submit(question);
        CompletableFuture<Boolean> greedy = scorer.submitGreedy(question);
        List<Future<?>> work = new ArrayList<>(scorings);
        work.add(greedy);
        return LineWork.cancelling(work, into -> {
            into.put("question", question.where());
            into.put("context", question.context());
            into.put("continuation", question.choices().getFirst());
            into.put("log_likelihood", ChoiceScorer.logLikelihoods(question, scorings)[0]);
            into.put("greedy", LineWork.await(greedy));
            examples.nameIn(into);
        });
    }

    @Override
    public void add(Map<String, Object> result) {
        perplexity.add(-((Number) result.get("log_likelihood")).doubleValue());
        matches += (Boolean) result.get("greedy") ? 1 : 0;
    }

    @Override
    public int count() {
        return perplexity.count();
    }

    @Override
    public String found() {
        return count() == 0
                ? ""
                : String.format(Locale.ROOT, "%d %s, acc %.3f, perplexity %s", count(),
                        count() == 1 ? "text" : "texts", (double) matches / count(), perplexity.line());
    }

    @Override
    public Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("texts", count());
        Accuracy.put("acc", matches, count(), fields);
        Map<String, Object> all = perplexity.fields(0, 1);
        fields.put("perplexity", all.get("perplexity"));
        fields.put("perplexity_stderr", all.get("perplexity_stderr"));
        return fields;
    }
}
