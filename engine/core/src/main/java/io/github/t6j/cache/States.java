package io.github.t6j.cache;

/** Cache of states, which sum over all tokens: it cannot give back its last ones, only all of them. */
abstract class States implements SequenceCache {
    int length; //    tokens so far
    int newLength; // tokens after the running pass
    final RowInputs inputs;

    States(int layers) {
        inputs = new RowInputs(layers);
    }

    /** Sets the states to zero. */
    abstract void clear();

    /** Returns the inputs of the states in the rows of the last pass with drafts. */
    public RowInputs inputs() {
        return inputs;
    }

    @Override
    public boolean reaches(int tokens) {
        return tokens == 0 || tokens == length;
    }

    @Override
    public int truncate(int from, int tokens) {
        if (tokens > 0 && tokens == length) {
            return tokens;
        }
        clear();
        length = 0;
        return 0;
    }
}
