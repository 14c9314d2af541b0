package io.github.t6j.springai;

import io.github.t6j.Model;
import io.github.t6j.sampling.SamplingStep;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;

/** Makes a model write given answers, one after the other. */
final class Script implements SamplingStep {
    private final Queue<int[]> answers = new ArrayDeque<>();
    private final int end;
    private int[] current;

    Script(Model model, String... answers) {
        List.of(answers).forEach(answer -> this.answers.add(model.tokenizer().encode(answer)));
        end = model.endIds().iterator().next();
    }

    @Override
    public void apply(float[] logits, int[] generated) {
        if (generated.length == 0) {
            current = answers.remove();
        }
        Arrays.fill(logits, Float.NEGATIVE_INFINITY);
        logits[generated.length < current.length ? current[generated.length] : end] = 0;
    }
}
