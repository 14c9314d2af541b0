package io.github.t6j.mini.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Questions of other topics that ask for an answer in one word. */
final class OneWord {
    private static final List<Form> TRAINED = forms("Q ");
    private static final List<Form> HELD_OUT = forms("H ");

    private OneWord() {}

    private static List<Form> forms(String letter) {
        return Frames.after(Lines.of("talk/one-word.txt"), letter).stream().map(Form::of).toList();
    }

    static Exchange training(Topics topics, RandomGenerator random) {
        return exchange(Topic.pick(TRAINED, random), topics.withShorts(random).shortTraining(random), random);
    }

    /** Returns a known question in a wording that training never uses. */
    static Exchange heldOutWording(Topics topics, RandomGenerator random) {
        return exchange(Topic.pick(HELD_OUT, random), topics.withShorts(random).shortTraining(random), random);
    }

    /** Returns the answer in both cases, and other answers that its topic accepts. */
    private static List<String> right(Exchange asked) {
        List<String> right = new ArrayList<>(List.of(asked.answer(), asked.answer().toLowerCase()));
        if (asked.check().mode() == Check.Mode.WORDS) { // else they are whole sentences, or members of a class
            asked.check().accept().forEach(word -> right.addAll(List.of(word, English.capital(word))));
        }
        return right;
    }

    private static Exchange exchange(Form form, Exchange asked, RandomGenerator random) {
        String question = form.fill(Map.of("question", asked.question()), random);
        return new Exchange("instructions", "one-word", form.source(), asked.topic() + " " + asked.thing(), question,
                asked.answer(), Check.exact(right(asked)));
    }
}
