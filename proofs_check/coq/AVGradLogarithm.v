(* T5w needs its ln T: on F' = clip(L x, -1, 1) from x_0 = 0, with gradients +-1 of mean F'(x), D0 = 0, and L = 1/(2 eta_1),
   AVGrad has sum_t E|F'(x_{t-1})|^2/sqrt(t) >= (alpha L/(9R)) (1/2 + .. + 1/T). As the squares are 1 its denominators
   b_t = t eps + t vbar_t are the same on all paths. *)
From Coq Require Import Reals Lra Lia Psatz FunctionalExtensionality.
From Mada Require Import Sums Setting DecreasingWeights AVGradWeights AVGradRatioSum.
Local Open Scope R_scope.

(* b_t, the step size eta_t, L = 1/(2 eta_1), and F'. *)
Definition ones_b (eps beta2 : R) (t : nat) : R := INR t * eps + tvbar beta2 (fun _ => 1) t.
Definition ones_step (eps alpha beta2 : R) (t : nat) : R := alpha / sqrt (ones_b eps beta2 t).
Definition ones_L (eps alpha beta2 : R) : R := / (2 * ones_step eps alpha beta2 1).
Definition clipped (L x : R) : R := Rmax (- 1) (Rmin 1 (L * x)).

(* E phi(x_t) after t steps of lengths eta_1, eta_2, .. from 0: down with probability (1 + h(x))/2, else up. *)
Fixpoint coin_mean (eta : nat -> R) (h : R -> R) (t : nat) (phi : R -> R) : R :=
  match t with
  | O => phi 0
  | S t => coin_mean eta h t (fun x => let P := (1 + h x) / 2 in
      P * phi (x - eta (S t)) + (1 - P) * phi (x + eta (S t)))
  end.

Definition coin_weighted (eps alpha beta2 L : R) (T : nat) : R :=
  sum T (fun t => coin_mean (ones_step eps alpha beta2) (clipped L) t (fun x => (clipped L x)²) / sqrt (INR (S t))).

Lemma coin_linear eta h t : forall phi psi a b c, coin_mean eta h t (fun x => a * phi x + b * psi x + c)
  = a * coin_mean eta h t phi + b * coin_mean eta h t psi + c.
Proof.
  induction t as [|t IH]; intros phi psi a b c; cbn [coin_mean]; [reflexivity|]. rewrite <- IH. f_equal.
  apply functional_extensionality. intros x. cbv zeta. ring.
Qed.

(* Monotone on what is reached. *)
Lemma coin_le eta h (reached : R -> Prop) : reached 0 -> (forall t x, reached x -> let P := (1 + h x) / 2 in
    0 <= P <= 1 /\ (0 < P -> reached (x - eta (S t))) /\ (P < 1 -> reached (x + eta (S t)))) ->
  forall t phi psi, (forall x, reached x -> phi x <= psi x) -> coin_mean eta h t phi <= coin_mean eta h t psi.
Proof.
  intros H0 stays. induction t as [|t IH]; intros phi psi H; cbn [coin_mean]; [auto|].
  apply IH. intros x Hx. cbv zeta. destruct (stays t x Hx) as (P & D & U).
  set (p := (1 + h x) / 2) in *. apply Rplus_le_compat.
  - destruct (Req_dec p 0) as [-> | N]; [lra|]. apply Rmult_le_compat_l; [lra|]. apply H, D. lra.
  - destruct (Req_dec p 1) as [-> | N]; [lra|]. apply Rmult_le_compat_l; [lra|]. apply H, U. lra.
Qed.

Section Logarithm.
Variables (eps alpha beta2 : R).
Hypothesis eps_pos : 0 < eps.
Hypothesis alpha_pos : 0 < alpha.
Hypothesis beta2_01 : 0 <= beta2 < 1.

Let eta := ones_step eps alpha beta2.
Let L := ones_L eps alpha beta2.
Let E := coin_mean eta (clipped L).

Local Lemma b_bounds t : 0 < ones_b eps beta2 (S t) <= INR (S t) * (eps + 1).
Proof.
  pose proof (INR_S_pos t). assert (0 < INR (S t) * eps) by (apply Rmult_lt_0_compat; auto).
  assert (0 <= tvbar beta2 (fun _ => 1) (S t)) by (apply tvbar_nonneg; [intros; lra | lra]).
  pose proof (avgrad_largest_weight beta2 (fun _ => 1) (S t) ltac:(lra) ltac:(intros; lra)) as B1.
  rewrite sum_const in B1. unfold ones_b. lra.
Qed.

Local Lemma eta_pos t : 0 < eta (S t).
Proof. apply Rdiv_lt_0_compat; [auto | apply sqrt_lt_R0, b_bounds]. Qed.

Local Lemma eta_falls t : eta (S (S t)) <= eta (S t).
Proof.
  apply Rmult_le_compat_l; [lra|]. apply Rinv_le_contravar; [apply sqrt_lt_R0, b_bounds|]. apply sqrt_le_1_alt.
  unfold ones_b. pose proof (avgrad_sum_nondecreasing beta2 (fun _ => 1) (S t) ltac:(lra) ltac:(intros; lra)).
  rewrite (S_INR (S t)). lra.
Qed.

Local Lemma eta_low t : alpha / (radius eps 1 * sqrt (INR (S t))) <= eta (S t).
Proof.
  pose proof (b_bounds t) as B. pose proof (INR_S_pos t). apply Rmult_le_compat_l; [lra|].
  apply Rinv_le_contravar; [apply sqrt_lt_R0, B|]. unfold radius. rewrite Rmult_comm, <- sqrt_mult by (unfold Rsqr; lra).
  apply sqrt_le_1_alt. unfold Rsqr. rewrite Rmult_1_l. apply B.
Qed.

Local Lemma eta_first t : eta (S t) <= eta 1.
Proof. induction t as [|t IH]; [lra | pose proof (eta_falls t); lra]. Qed.

Local Lemma L_first : 0 < L /\ 2 * L * eta 1 = 1.
Proof.
  pose proof (eta_pos 0). unfold L, ones_L. fold eta. split; [apply Rinv_0_lt_compat; lra | field; lra].
Qed.

(* What is reached: |x| <= 3/(2L). *)
Definition reached (x : R) : Prop := -3 <= 2 * (L * x) <= 3.

Local Lemma clipped_values x : reached x -> -1 <= clipped L x <= 1 /\ (L * x) * clipped L x <= (L * x)² /\
  4 / 9 * (L * x)² <= (clipped L x)² /\ (1 < L * x -> clipped L x = 1) /\ (L * x < -1 -> clipped L x = -1).
Proof.
  unfold reached, clipped, Rsqr. intros H. set (y := L * x) in *.
  destruct (Rle_dec 1 y); [rewrite (Rmin_left 1 y), (Rmax_right (-1) 1) by lra; repeat split; nra|].
  rewrite (Rmin_right 1 y) by lra. destruct (Rle_dec y (-1)).
  - rewrite Rmax_left by lra. repeat split; nra.
  - rewrite Rmax_right by lra. repeat split; nra.
Qed.

Local Lemma stays t x : reached x -> let P := (1 + clipped L x) / 2 in 0 <= P <= 1 /\
  (0 < P -> reached (x - eta (S t))) /\ (P < 1 -> reached (x + eta (S t))).
Proof.
  intros H P. destruct (clipped_values x H) as (C1 & _ & _ & C2 & C3). destruct L_first as [PL EL].
  pose proof (eta_pos t). pose proof (eta_first t).
  assert (HL : 0 <= L * eta (S t)) by (apply Rmult_le_pos; lra).
  assert (HU : L * eta (S t) <= L * eta 1) by (apply Rmult_le_compat_l; lra).
  unfold reached in *. rewrite Rmult_minus_distr_l, Rmult_plus_distr_l. unfold P. repeat split; lra.
Qed.

Local Lemma E_le : forall t phi psi, (forall x, reached x -> phi x <= psi x) -> E t phi <= E t psi.
Proof.
  apply coin_le with (reached := reached); [unfold reached; rewrite !Rmult_0_r; lra | exact stays].
Qed.

(* E x_t^2 >= eta_{t+1}/(4L). *)
Local Lemma spread t : eta (S (S t)) <= 4 * L * E (S t) Rsqr.
Proof.
  destruct L_first as [PL EL].
  assert (Step : forall t, (1 - 2 * L * eta (S t)) * E t Rsqr + 0 * E t Rsqr + (eta (S t))² <= E (S t) Rsqr).
  { intros s. unfold E. rewrite <- coin_linear. apply (E_le s). intros x Hx. cbv zeta.
    destruct (clipped_values x Hx) as (_ & C & _). pose proof (eta_pos s) as Pe. set (e := eta (S s)) in *.
    set (f := clipped L x) in *. assert (Z : 0 <= 2 * e * (/ L * ((L * x)² - L * x * f))).
    { apply Rmult_le_pos; [lra|]. apply Rmult_le_pos; [left; apply Rinv_0_lt_compat; auto | lra]. }
    replace (/ L * ((L * x)² - L * x * f)) with (L * x² - x * f) in Z by (unfold Rsqr; field; lra).
    unfold Rsqr in *. lra. }
  induction t as [|t IH].
  - pose proof (Step O) as H. change (E 0%nat Rsqr) with (0²) in H. rewrite Rsqr_0, !Rmult_0_r, !Rplus_0_l in H.
    pose proof (eta_falls 0). pose proof (eta_pos 0).
    apply Rmult_le_compat_l with (r := 4 * L) in H; [|lra]. unfold Rsqr at 1 in H.
    replace (4 * L * (eta 1 * eta 1)) with (2 * (2 * L * eta 1) * eta 1) in H by ring. rewrite EL in H. lra.
  - pose proof (Step (S t)) as H. pose proof (eta_falls (S t)). set (e := eta (S (S t))) in *. pose proof (eta_pos (S t)) as Pe.
    fold e in Pe. pose proof (eta_first (S t)) as Fe. fold e in Fe.
    assert (Le : 2 * L * e <= 1) by (rewrite <- EL; apply Rmult_le_compat_l; lra).
    apply Rmult_le_compat_l with (r := 1 - 2 * L * e) in IH; [|lra].
    apply Rmult_le_compat_l with (r := 4 * L) in H; [|lra].
    assert (0 <= 2 * L * (e * e)) by (apply Rmult_le_pos; [lra | apply Rmult_le_pos; lra]). unfold Rsqr in *. lra.
Qed.

Theorem avgrad_logarithm T : alpha * L / (9 * radius eps 1) * (sum T (fun t => / INR (S t)) - 1)
  <= coin_weighted eps alpha beta2 L T.
Proof.
  destruct L_first as [PL EL]. pose proof (radius_pos eps 1 eps_pos) as PR.
  assert (Pc : 0 < alpha * L / (9 * radius eps 1)) by (apply Rdiv_lt_0_compat; [apply Rmult_lt_0_compat; auto | lra]).
  set (c := alpha * L / (9 * radius eps 1)) in *.
  assert (Step : forall t, c * / INR (S (S t)) <= E (S t) (fun x => (clipped L x)²) / sqrt (INR (S (S t)))).
  { intros t. pose proof (INR_S_pos (S t)) as Pt. pose proof (sqrt_lt_R0 _ Pt) as Ps.
    assert (H : 4 / 9 * L² * E (S t) Rsqr + 0 * E (S t) Rsqr + 0 <= E (S t) (fun x => (clipped L x)²)).
    { unfold E. rewrite <- coin_linear. apply (E_le (S t)). intros x Hx. destruct (clipped_values x Hx) as (_ & _ & C & _).
      unfold Rsqr in *. lra. }
    pose proof (spread t) as Hs. pose proof (eta_low (S t)) as Hl.
    apply Rle_trans with (L / 9 * (alpha / (radius eps 1 * sqrt (INR (S (S t))))) / sqrt (INR (S (S t)))).
    - right. unfold c. rewrite <- (sqrt_sqrt (INR (S (S t)))) at 1 by lra. field. lra.
    - apply Rmult_le_compat_r; [left; apply Rinv_0_lt_compat; auto|]. apply Rle_trans with (L / 9 * eta (S (S t))).
      + apply Rmult_le_compat_l; lra.
      + apply Rmult_le_compat_l with (r := L / 9) in Hs; [|lra]. unfold Rsqr in *. lra. }
  unfold coin_weighted. destruct T as [|T]; [simpl; lra|]. induction T as [|T IH].
  - simpl. unfold clipped. rewrite Rmult_0_r, Rmin_right, Rmax_right, Rsqr_0, Rinv_1 by lra. unfold Rdiv. lra.
  - rewrite (sum_S (S T) (fun t => / INR (S t))), (sum_S (S T)). pose proof (Step T) as H.
    cbv beta in *. fold eta in IH |- *. fold (E (S T)).
    rewrite Rmult_minus_distr_l, Rmult_plus_distr_l in *. lra.
Qed.
End Logarithm.
