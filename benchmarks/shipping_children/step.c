/* Prints what a network gives for the steps on standard input, and on standard error the microseconds of
 * processor time that one takes, the median of five rounds. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "hyperprune_rnn.h"
#include "network.h"

enum { ROUNDS = 5 };

static float state[NETWORK_STATE], scratch[NETWORK_SCRATCH], outputs[NETWORK_OUTPUTS];

#ifdef NETWORK_FILE
static uint32_t network_words[NETWORK_BYTES / 4];
#endif

#if NETWORK_TYPES > 0
static int32_t given;
#define STEP(network) hp_step_token(network, 1, &given, state, outputs, scratch)
static int more(void) { return scanf("%d", &given) == 1; }
#else
static float given[NETWORK_INPUTS];
#define STEP(network) hp_step(network, 1, given, state, outputs, scratch)
static int more(void) {
    for (int i = 0; i < NETWORK_INPUTS; i++)
        if (scanf("%f", &given[i]) != 1) return 0;
    return 1;
}
#endif

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void) {
    hp_network network;
    double found[ROUNDS];
    long count = 16;
#ifdef NETWORK_FILE
    FILE *file = fopen(NETWORK_FILE, "rb");
    if (file == NULL || fread(network_words, 1, NETWORK_BYTES, file) != NETWORK_BYTES) return 2;
    fclose(file);
#endif
    if (hp_read(&network, network_words, NETWORK_BYTES) != HP_OK) return 2;
    while (more()) {
        if (STEP(&network) != HP_OK) return 2;
        for (int i = 0; i < NETWORK_OUTPUTS; i++)
            printf(i + 1 < NETWORK_OUTPUTS ? "%.9g " : "%.9g\n", (double)outputs[i]);
    }
    for (int round = -1; round < ROUNDS; round++) { /* the first finds how many fill a round */
        clock_t begin = clock();
        for (long k = 0; k < count; k++) STEP(&network);
        double spent = (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (round >= 0)
            found[round] = 1e6 * spent / (double)count;
        else if (spent < 0.05) {
            count *= 4;
            round--;
        }
    }
    qsort(found, ROUNDS, sizeof *found, ascending);
    fprintf(stderr, "%.3f\n", found[ROUNDS / 2]);
    return 0;
}
