(* Where Adam diverges online: linear losses on [-1, 1] of slope C once in P steps and -1 else, C > P - 1, so that a
   period adds up to a loss that is least at -1. Adam, x_t = clip(x_{t-1} - alpha_t m_t/sqrt(eps + v_t)), never comes
   nearer to -1 than its start, but for what one period moves it: with reach = (1-beta1)/(sqrt(1-beta2) (1-gamma)),
   gamma = beta1/sqrt(beta2),
       x_{nP} >= x_0,   x_t >= x_0 - alpha_{nP+1} reach   for t in the period that starts at nP,
   and from x_0 = 1 its regret after n periods is at least 2 n (C - P + 1). Two cases: P = 3, beta1 = 0 (three_steps), and
   every beta1 < sqrt(beta2) with a period that is long enough (long_period), which exists (long_period_exists).
   In Coq the sequences start at 0: the step from x t to x (t+1) has the gradient g t and the step size a t. *)
From Coq Require Import Reals Lra Lia Psatz Arith.
From Mada Require Import Sums AVGradWeights Regret.
Local Open Scope R_scope.

Fixpoint walk (move : nat -> R) (x0 : R) (t : nat) : R :=
  match t with O => x0 | S t => clip (-1) 1 (walk move x0 t - move t) end.

Definition adam_move (a : nat -> R) (eps beta1 beta2 : R) (g : nat -> R) (t : nat) : R :=
  a t * (v beta1 g (S t) / sqrt (eps + v beta2 (fun s => (g s)²) (S t))).

Definition cyclic (P : nat) (C : R) (t : nat) : R := if Nat.eq_dec (Nat.modulo t P) O then C else -1.

Definition reach (beta1 beta2 : R) : R := (1 - beta1) / (sqrt (1 - beta2) * (1 - beta1 / sqrt beta2)).

Definition root_steps (alpha : R) (t : nat) : R := alpha / sqrt (INR (S t)).

(* One period: moves of at most e, positive before J and negative from there on, that add up to nothing positive. *)
Section Period.
Variables (P J : nat) (x move e : nat -> R).
Hypothesis J_P : (J <= P)%nat.
Hypothesis x_step : forall j, (j < P)%nat -> x (S j) = clip (-1) 1 (x j - move j).
Hypothesis x_in : -1 <= x O <= 1.
Hypothesis move_e : forall j, (j < P)%nat -> move j <= e j.
Hypothesis e_down : forall j, (j < J)%nat -> 0 <= e j.
Hypothesis e_up : forall j, (J <= j < P)%nat -> e j <= 0.
Hypothesis e_sum : sum P e <= 0.

Local Lemma clip_above z y : y <= 1 -> y <= z -> y <= clip (-1) 1 z.
Proof. intros H1 H2. unfold clip. apply Rle_trans with (2 := Rmax_r _ _). apply Rmin_glb; auto. Qed.

Local Lemma before j : (j <= J)%nat -> x O - sum j e <= x j /\ 0 <= sum j e.
Proof.
  induction j as [|j IH]; intros Hj; [simpl; lra|]. destruct (IH ltac:(lia)) as [H1 H2].
  pose proof (e_down j ltac:(lia)). rewrite sum_S. split; [|lra].
  rewrite x_step by lia. pose proof (move_e j ltac:(lia)). apply clip_above; lra.
Qed.

Local Lemma after k : (J + k <= P)%nat -> Rmin 1 (x O - sum (J + k) e) <= x (J + k)%nat /\ sum (J + k) e <= sum J e.
Proof.
  induction k as [|k IH]; intros Hk.
  - rewrite Nat.add_0_r. destruct (before J ltac:(lia)) as [H1 H2]. split; [|lra].
    apply Rle_trans with (1 := Rmin_r _ _). lra.
  - destruct (IH ltac:(lia)) as [H1 H2]. replace (J + S k)%nat with (S (J + k)) by lia. rewrite sum_S.
    pose proof (e_up (J + k)%nat ltac:(lia)). pose proof (move_e (J + k)%nat ltac:(lia)). split; [|lra].
    rewrite x_step by lia. apply clip_above; [apply Rmin_l|].
    revert H1. unfold Rmin. repeat destruct (Rle_dec _ _); lra.
Qed.

Lemma period_end : x O <= x P.
Proof.
  destruct (after (P - J) ltac:(lia)) as [H _]. replace (J + (P - J))%nat with P in H by lia.
  apply Rle_trans with (2 := H). apply Rmin_glb; lra.
Qed.

Lemma period_inside j : (j <= P)%nat -> x O - sum J e <= x j.
Proof.
  intros Hj. destruct (before J ltac:(lia)) as [_ H0]. destruct (le_lt_dec j J) as [H | H].
  - destruct (before j H) as [H1 _]. apply Rle_trans with (2 := H1).
    assert (sum j e <= sum J e); [|lra].
    clear H1 Hj. revert H. generalize e_down. generalize J. intros K HK Hj.
    induction K as [|K IH]; [replace j with O by lia; lra|].
    destruct (Nat.eq_dec j (S K)) as [E | NE]; [rewrite E; lra|].
    rewrite sum_S. pose proof (HK K ltac:(lia)). assert (sum j e <= sum K e); [|lra].
    apply IH; [intros; apply HK; lia | lia].
  - destruct (after (j - J) ltac:(lia)) as [H1 H2]. replace (J + (j - J))%nat with j in * by lia.
    apply Rle_trans with (2 := H1). apply Rmin_glb; lra.
Qed.
End Period.

Lemma walk_in move x0 t : -1 <= x0 <= 1 -> -1 <= walk move x0 t <= 1.
Proof. intros H. destruct t as [|t]; simpl; [auto|]. apply clip_in; lra. Qed.

(* All periods: e n j bounds the move of age j in period n. *)
Section Periods.
Variables (P J : nat) (move : nat -> R) (e : nat -> nat -> R) (x0 : R).
Let x := walk move x0.
Hypothesis J_P : (J <= P)%nat.
Hypothesis x0_in : -1 <= x0 <= 1.
Hypothesis move_e : forall n j, (j < P)%nat -> move (n * P + j)%nat <= e n j.
Hypothesis e_down : forall n j, (j < J)%nat -> 0 <= e n j.
Hypothesis e_up : forall n j, (J <= j < P)%nat -> e n j <= 0.
Hypothesis e_sum : forall n, sum P (e n) <= 0.

Local Lemma step_of n j : x (n * P + S j)%nat = clip (-1) 1 (x (n * P + j)%nat - move (n * P + j)%nat).
Proof. replace (n * P + S j)%nat with (S (n * P + j)) by lia. reflexivity. Qed.

Lemma periods_end n : x0 <= x (n * P)%nat.
Proof.
  induction n as [|n IH]; [right; reflexivity|]. apply Rle_trans with (1 := IH).
  pose proof (period_end P J (fun j => x (n * P + j)%nat) (fun j => move (n * P + j)%nat) (e n) J_P
    (fun j _ => step_of n j) (walk_in move x0 _ x0_in) (move_e n) (e_down n) (e_up n) (e_sum n)) as H.
  cbv beta in H. rewrite Nat.add_0_r in H. replace (S n * P)%nat with (n * P + P)%nat by lia. exact H.
Qed.

Lemma periods_inside n j : (j <= P)%nat -> x0 - sum J (e n) <= x (n * P + j)%nat.
Proof.
  intros Hj. pose proof (periods_end n).
  pose proof (period_inside P J (fun j => x (n * P + j)%nat) (fun j => move (n * P + j)%nat) (e n) J_P
    (fun j _ => step_of n j) (walk_in move x0 _ x0_in) (move_e n) (e_down n) (e_up n) j Hj) as H1.
  cbv beta in H1. rewrite Nat.add_0_r in H1. lra.
Qed.
End Periods.

(* The regret against -1 of a walk that starts every period at 1. *)
Definition cyclic_regret (P : nat) (C : R) (x : nat -> R) (T : nat) : R :=
  sum T (fun t => cyclic P C t * x t - cyclic P C t * (-1)).

Lemma cyclic_first P C n : (0 < P)%nat -> cyclic P C (n * P) = C.
Proof. intros H. unfold cyclic. rewrite Nat.mod_mul by lia. reflexivity. Qed.

Lemma cyclic_else P C n j : (S j < P)%nat -> cyclic P C (n * P + S j) = -1.
Proof.
  intros H. unfold cyclic. rewrite Nat.add_comm, Nat.mod_add, Nat.mod_small by lia.
  destruct (Nat.eq_dec (S j) O); [lia | reflexivity].
Qed.

Lemma sum_split n k f : sum (n + k) f = sum n f + sum k (fun j => f (n + j)%nat).
Proof.
  induction k as [|k IH]; [rewrite Nat.add_0_r; simpl; lra|].
  rewrite Nat.add_succ_r, !sum_S, IH. lra.
Qed.

Lemma sum_first k f : sum (S k) f = f O + sum k (fun j => f (S j)).
Proof. rewrite <- (Nat.add_1_l k), (sum_split 1). simpl. lra. Qed.

Lemma regret_from_one P C x : (0 < P)%nat -> (forall t, -1 <= x t <= 1) -> (forall n, 1 <= x (n * P)%nat) ->
  forall n, 2 * INR n * (C - INR P + 1) <= cyclic_regret P C x (n * P).
Proof.
  intros HP Hx H1 n. unfold cyclic_regret. induction n as [|n IH]; [simpl; lra|].
  replace (S n * P)%nat with (n * P + P)%nat by lia. rewrite sum_split, S_INR.
  destruct P as [|k]; [lia|]. rewrite sum_first, Nat.add_0_r, cyclic_first by lia. rewrite (S_INR k).
  rewrite (S_INR k) in IH. pose proof (H1 n). pose proof (Hx (n * S k)%nat).
  replace (x (n * S k)%nat) with 1 by lra.
  assert (INR k * (-2) <= sum k (fun j => cyclic (S k) C (n * S k + S j) * x (n * S k + S j)%nat
                                           - cyclic (S k) C (n * S k + S j) * -1)).
  { rewrite <- sum_const. apply sum_le; intros j Hj. rewrite cyclic_else by lia.
    pose proof (Hx (n * S k + S j)%nat). lra. }
  lra.
Qed.
